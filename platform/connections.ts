import * as pulumi from '@pulumi/pulumi';
import type { DataServices } from './data-services.ts';
import type { PlatformSecrets } from './platform-secrets.ts';
import type { RedisUser } from './redis-configuration.ts';

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
  redis(user: RedisUser): pulumi.Output<string>;
  nats: pulumi.Output<string>;
}

export function connections(data: DataServices, secrets: PlatformSecrets): Connections {
  const { control, tenants } = data.servers;
  return {
    controlAdmin: control.adminUrl,
    tenantsAdmin: tenants.adminUrl,
    control: control.url('authsome_control', secrets.controlDb, 'authsome_control'),
    provisioner: control.url('authsome_provisioner', secrets.provisionerDb, 'authsome_control'),
    proxy: control.url('authsome_proxy', secrets.proxyDb, 'authsome_control'),
    backupControl: control.url('authsome_backup', secrets.backupDb, 'authsome_control'),
    backupState: control.url('authsome_backup', secrets.backupDb, 'authsome_state'),
    backupTenants: tenants.url('authsome_backup', secrets.backupDb, 'postgres'),
    state: control.url('authsome_state', secrets.stateDb, 'authsome_state'),
    redis: (user) => pulumi.secret(pulumi.interpolate`redis://${user}:${secrets.redis[user]}@${data.redis.host}:6379/0`),
    nats: pulumi.secret(pulumi.interpolate`nats://authsome:${secrets.nats}@${data.nats.host}:4222`),
  };
}
