import type { input } from '@pulumi/kubernetes/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import { DataService } from './data-service.ts';
import type { DataServiceArgs } from './data-service.ts';
import { uids } from './hardening.ts';
import type { PlatformInputs } from './load-settings.ts';
import { natsConfiguration, natsPorts } from './nats-configuration.ts';
import { externalServer, podServer, refuseUnusedUrls } from './postgres/postgres-server.ts';
import type { PostgresServer } from './postgres/postgres-server.ts';
import { redisConfiguration } from './redis-configuration.ts';
import { serverCa } from './postgres/server-ca.ts';
import type { ServerCa } from './postgres/server-ca.ts';
import type { PlatformSecrets } from './platform-secrets.ts';

export interface DataServicesArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  secrets: PlatformSecrets;
}

/** The platform's servers: PostgreSQL for itself and for tenants of the free plan (both may be somebody else's), Redis and NATS. */
export class DataServices extends pulumi.ComponentResource {
  readonly servers: {
    /** Holds the control database and the Pulumi state of the tenants. */
    control: PostgresServer;
    /** A server of its own, since tenants' pods connect to it: none of them ever reaches the control database's. */
    tenants: PostgresServer;
  };
  /** For every pod that connects to PostgreSQL. */
  readonly ca: ServerCa;
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
    const postgres = (name: string, password: pulumi.Output<string>, own: Pick<DataServiceArgs, 'settings' | 'from' | 'args'>) => {
      const server = new DataService(name, { ...common, ...postgresServer(images.postgres), files: { password }, ...own }, child);
      return podServer(server.host, password);
    };
    const external = settings.externalPostgres ?? {};
    refuseUnusedUrls(external);
    const control = external.control
      ? externalServer('control', external.control)
      : postgres('postgres', secrets.postgres, {
          settings: settings.data.postgres,
          from: { parts: ['backup', 'control-api', 'database-setup', 'provisioner', 'proxy', 'restore'] },
        });
    const tenants = external.tenants
      ? externalServer('tenants', external.tenants, control)
      : postgres('tenants-postgres', secrets.tenantsPostgres, {
          settings: settings.data.tenantsPostgres,
          args: ['postgres', '-c', `max_connections=${settings.data.tenantsPostgres.maxConnections}`],
          from: { parts: ['backup', 'database-setup', 'provisioner', 'restore'], tenants: true },
        });
    this.servers = { control, tenants };
    this.ca = serverCa(this.servers, args.namespace, child);
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
        files: { 'redis.conf': pulumi.output(secrets.redis).apply(redisConfiguration) },
        dataPath: '/data',
        scratch: ['/tmp'],
        probe: { tcpSocket: { port: 6_379 } },
        // Without a login: an answer that refuses is one, too.
        probes: {
          readiness: { tcpSocket: { port: 6_379 } },
          liveness: { exec: { command: ['redis-cli', 'ping'] }, timeoutSeconds: 10 },
        },
        terminationGracePeriodSeconds: 10,
      },
      child,
    );
    const { replicas, ...natsServer } = settings.data.nats;
    this.nats = new DataService(
      'nats',
      {
        ...common,
        settings: natsServer,
        kind: 'nats',
        image: images.nats,
        uid: uids.nats,
        port: natsPorts.clients,
        from: { parts: ['control-api', 'provisioner'] },
        args: ['--config', '/etc/authsome/nats.conf'],
        files: { 'nats.conf': natsFile({ ...args, replicas }) },
        dataPath: '/data',
        scratch: ['/tmp'],
        probe: natsHealth('/healthz'),
        probes: { readiness: natsHealth('/healthz?js-server-only=true'), liveness: natsHealth('/healthz?js-enabled-only=true') },
        cluster: replicas > 1 ? { replicas, peerPort: natsPorts.routes } : undefined,
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

/**
 * Whole health (all streams caught up) is asked for at the start alone: so one server is updated after another is back. Later a server that
 * is without its peers takes no clients, and is not started anew for it.
 */
function natsHealth(path: string): input.core.v1.Probe {
  return { httpGet: { path, port: natsPorts.health }, timeoutSeconds: 5 };
}

function natsFile({ namespace, secrets, replicas }: DataServicesArgs & { replicas: number }): pulumi.Output<string> {
  return pulumi.all([namespace, secrets.nats, secrets.natsRoutes]).apply(([inside, password, routePassword]) => {
    const peers = Array.from(
      { length: replicas },
      (_, index) => `nats-${index}.nats-peers.${inside}.svc.cluster.local:${natsPorts.routes}`,
    );
    return natsConfiguration({
      // By the pod's name, from the environment.
      serverName: replicas > 1 ? '$POD_NAME' : 'nats-0',
      // A server that was alone counts what it has for nobody's when it becomes one of a cluster, or shows it on that server only. It is set
      // aside: the services make their streams anew, and announce all open jobs again.
      storeDir: replicas > 1 ? '/data/cluster' : '/data',
      password,
      ports: natsPorts,
      cluster: replicas > 1 ? { password: routePassword, peers } : undefined,
    });
  });
}
