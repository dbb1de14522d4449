import * as pulumi from '@pulumi/pulumi';
import type { DataServices } from './data-services.ts';
import type { PlatformSecrets } from './platform-secrets.ts';

/** Connection URLs, one for each role that a service has: nobody gets another's. All are secret. */
export interface Connections {
  controlAdmin: pulumi.Output<string>;
  tenantsAdmin: pulumi.Output<string>;
  control: pulumi.Output<string>;
  provisioner: pulumi.Output<string>;
  proxy: pulumi.Output<string>;
  /** Reading everything, for backups. */
  backupControl: pulumi.Output<string>;
  backupState: pulumi.Output<string>;
  backupTenants: pulumi.Output<string>;
  /** PULUMI_BACKEND_URL of the tenants' stacks. */
  state: pulumi.Output<string>;
  redis: pulumi.Output<string>;
  nats: pulumi.Output<string>;
}

export function connections(data: DataServices, secrets: PlatformSecrets): Connections {
  const postgres = (role: string, password: pulumi.Output<string>, database: string, host = data.postgres.host): pulumi.Output<string> =>
    pulumi.secret(pulumi.interpolate`postgres://${role}:${password}@${host}:5432/${database}?sslmode=disable`);
  return {
    controlAdmin: postgres('postgres', secrets.postgres, 'postgres'),
    tenantsAdmin: postgres('postgres', secrets.tenantsPostgres, 'postgres', data.tenantsPostgres.host),
    control: postgres('authsome_control', secrets.controlDb, 'authsome_control'),
    provisioner: postgres('authsome_provisioner', secrets.provisionerDb, 'authsome_control'),
    proxy: postgres('authsome_proxy', secrets.proxyDb, 'authsome_control'),
    backupControl: postgres('authsome_backup', secrets.backupDb, 'authsome_control'),
    backupState: postgres('authsome_backup', secrets.backupDb, 'authsome_state'),
    backupTenants: postgres('authsome_backup', secrets.backupDb, 'postgres', data.tenantsPostgres.host),
    state: postgres('authsome_state', secrets.stateDb, 'authsome_state'),
    redis: pulumi.secret(pulumi.interpolate`redis://:${secrets.redis}@${data.redis.host}:6379/0`),
    nats: pulumi.secret(pulumi.interpolate`nats://authsome:${secrets.nats}@${data.nats.host}:4222`),
  };
}
