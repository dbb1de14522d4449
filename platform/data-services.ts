import * as pulumi from '@pulumi/pulumi';
import { DataService } from './data-service.ts';
import type { DataServiceArgs } from './data-service.ts';
import { uids } from './hardening.ts';
import type { PlatformInputs } from './load-settings.ts';
import type { PlatformSecrets } from './platform-secrets.ts';

export interface DataServicesArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  secrets: PlatformSecrets;
}

/** The platform's servers: PostgreSQL for itself, PostgreSQL for tenants of the free plan, Redis and NATS. */
export class DataServices extends pulumi.ComponentResource {
  /** Holds the control database and the Pulumi state of the tenants. */
  readonly postgres: DataService;
  /** A server of its own, since tenants' pods connect to it: none of them ever reaches the control database's. */
  readonly tenantsPostgres: DataService;
  readonly redis: DataService;
  readonly nats: DataService;

  constructor(name: string, args: DataServicesArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:DataServices', name, {}, options);
    const { settings, images, secrets } = args;
    const child = { parent: this };
    const common = {
      namespace: args.namespace,
      storage: settings.storage,
      volumesDir: args.volumesDir,
      imagePullPolicy: settings.imagePullPolicy,
    };
    const postgres = (password: pulumi.Output<string>): PostgresArgs => ({
      ...common,
      ...postgresServer(images.postgres),
      files: { password },
    });

    this.postgres = new DataService(
      'postgres',
      {
        ...postgres(secrets.postgres),
        settings: settings.data.postgres,
        from: { parts: ['backup', 'control-api', 'database-setup', 'provisioner', 'proxy', 'restore'] },
      },
      child,
    );
    this.tenantsPostgres = new DataService(
      'tenants-postgres',
      {
        ...postgres(secrets.tenantsPostgres),
        settings: settings.data.tenantsPostgres,
        args: ['postgres', '-c', `max_connections=${settings.data.tenantsPostgres.maxConnections}`],
        from: { parts: ['backup', 'database-setup', 'provisioner', 'restore'], tenants: true },
      },
      child,
    );
    this.redis = new DataService(
      'redis',
      {
        ...common,
        settings: settings.data.redis,
        kind: 'redis',
        image: images.redis,
        uid: uids.redis,
        port: 6_379,
        from: { parts: ['control-api', 'provisioner', 'proxy', 'restore'] },
        command: ['redis-server', '/etc/authsome/redis.conf'],
        files: { 'redis.conf': secrets.redis.apply(redisConfiguration) },
        dataPath: '/data',
        scratch: ['/tmp'],
        probe: { tcpSocket: { port: 6_379 } },
        terminationGracePeriodSeconds: 10,
      },
      child,
    );
    this.nats = new DataService(
      'nats',
      {
        ...common,
        settings: settings.data.nats,
        kind: 'nats',
        image: images.nats,
        uid: uids.nats,
        port: 4_222,
        from: { parts: ['control-api', 'provisioner', 'proxy'] },
        args: ['--config', '/etc/authsome/nats.conf'],
        files: { 'nats.conf': secrets.nats.apply(natsConfiguration) },
        dataPath: '/data',
        scratch: ['/tmp'],
        probe: { httpGet: { path: '/healthz', port: 8_222 } },
        terminationGracePeriodSeconds: 15,
      },
      child,
    );
    this.registerOutputs();
  }
}

type PostgresArgs = Omit<DataServiceArgs, 'settings' | 'from'>;

function postgresServer(image: string): Omit<PostgresArgs, 'namespace' | 'storage' | 'volumesDir' | 'imagePullPolicy'> {
  return {
    kind: 'postgres',
    image,
    uid: uids.postgres,
    port: 5_432,
    env: [{ name: 'POSTGRES_PASSWORD_FILE', value: '/etc/authsome/password' }],
    dataPath: '/var/lib/postgresql/data',
    scratch: ['/tmp', '/var/run/postgresql'],
    probe: { exec: { command: ['pg_isready', '--quiet', '--host=127.0.0.1', '--username=postgres'] }, timeoutSeconds: 5 },
    terminationGracePeriodSeconds: 30,
  };
}

/** Routes can be rebuilt from PostgreSQL, so Redis may evict; the append-only file keeps them over a restart. */
function redisConfiguration(password: string): string {
  return [
    'bind * -::*',
    'protected-mode no',
    `requirepass ${password}`,
    'dir /data',
    'appendonly yes',
    'maxmemory 384mb',
    'maxmemory-policy allkeys-lru',
    '',
  ].join('\n');
}

/** `sync_interval: always`: an acknowledged message is on the disk; without it a crash can lose what was acknowledged. */
function natsConfiguration(password: string): string {
  return `server_name: nats-0
port: 4222
http: 8222
jetstream { store_dir: /data, sync_interval: always, max_mem: 64Mb, max_file: 1Gb }
authorization { user: authsome, password: "${password}" }
`;
}
