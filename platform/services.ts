import * as pulumi from '@pulumi/pulumi';
import { priorities } from './cluster/priority-classes.ts';
import type { Connections } from './connections.ts';
import type { DataServices } from './data-services.ts';
import type { PlatformInputs } from './load-settings.ts';
import { tracingEnvironment, tracingTarget } from './observability/tracing.ts';
import type { PlatformSecrets } from './platform-secrets.ts';
import { caFileOf } from './postgres/server-ca.ts';
import type { ServerCa } from './postgres/server-ca.ts';
import { ProvisionerAccess } from './provisioner-access.ts';
import { Workload } from './workload.ts';

export interface ServicesArgs extends PlatformInputs {
  namespace: pulumi.Output<string>;
  data: DataServices;
  connections: Connections;
  secrets: PlatformSecrets;
  ca: ServerCa;
}

/** The platform's own services, each with the settings and secrets that it needs and no others. */
export class Services extends pulumi.ComponentResource {
  constructor(name: string, args: ServicesArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Services', name, {}, options);
    const child = { parent: this };
    const { settings, images, secrets, connections } = args;
    const { ingress } = settings;
    // Without one in front, the services see the client itself; with the edge before it, the ingress sees Cloudflare.
    const trustedProxies = ingress && { TRUSTED_PROXIES: String(ingress.trustedProxies + (settings.edge?.enabled === true ? 1 : 0)) };
    const frontDoor = ingress?.controllerNamespace === undefined ? 'anywhere' : { namespace: ingress.controllerNamespace };
    const natsReplicas = String(settings.data.nats.replicas);

    new Workload(
      'control-api',
      {
        ...args,
        workload: settings.workloads.controlApi,
        scaledBy: 'load',
        image: images['control-api'],
        env: {
          PUBLIC_URL: settings.urls.control,
          CUSTOMER_API_URL: settings.urls.customer,
          REGIONS: settings.regions.join(','),
          ...tracingEnvironment(args),
          NATS_REPLICAS: natsReplicas,
          ...trustedProxies,
        },
        secretEnv: {
          DATABASE_URL: connections.control,
          REDIS_URL: connections.redis('control-api'),
          NATS_URL: connections.nats,
          ENCRYPTION_KEY: secrets.encryptionKey,
          AUTH_SECRET: secrets.auth,
          OPERATOR_TOKEN: secrets.operator,
        },
        nodePort: settings.nodePorts?.control,
        from: frontDoor,
        terminationGracePeriodSeconds: 40,
      },
      child,
    );
    new Workload(
      'proxy',
      {
        ...args,
        workload: settings.workloads.proxy,
        scaledBy: 'load',
        image: images.proxy,
        env: { ...tracingEnvironment(args), ...trustedProxies },
        secretEnv: { DATABASE_URL: connections.proxy, REDIS_URL: connections.redis('proxy'), ENCRYPTION_KEY: secrets.encryptionKey },
        nodePort: settings.nodePorts?.customer,
        from: frontDoor,
        terminationGracePeriodSeconds: 40,
      },
      child,
    );
    const access = new ProvisionerAccess('provisioner', { namespace: args.namespace, namespaceName: settings.namespace }, child);
    new Workload(
      'provisioner',
      {
        ...args,
        workload: settings.workloads.provisioner,
        scaledBy: 'jobs',
        image: images.provisioner,
        env: {
          CONCURRENCY: String(settings.provisionerConcurrency),
          TENANT_SETTINGS_FILE: '/etc/authsome/tenant-settings.json',
          ...tracingEnvironment(args),
          NATS_REPLICAS: natsReplicas,
        },
        secretEnv: {
          DATABASE_URL: connections.provisioner,
          REDIS_URL: connections.redis('provisioner'),
          NATS_URL: connections.nats,
          ENCRYPTION_KEY: secrets.encryptionKey,
          PULUMI_BACKEND_URL: connections.state,
          PULUMI_CONFIG_PASSPHRASE: secrets.pulumiPassphrase,
        },
        secretFiles: { 'tenant-settings.json': tenantSettings(args) },
        serviceAccount: access.serviceAccount,
        from: 'nobody',
        terminationGracePeriodSeconds: 60,
      },
      { ...child, dependsOn: access },
    );
    this.registerOutputs();
  }
}

/** What tenants' specs are made of besides the application's own row: images, sizes, the shared database server, and what the cluster looks like. */
function tenantSettings({ settings, images, data, secrets }: ServicesArgs): pulumi.Output<string> {
  const { resources, dedicatedDatabase, tracing, ...cluster } = settings.tenants;
  const server = data.servers.tenants;
  const authority = server.external?.caCertificate;
  const withImage = (sizes: object): object => ({ image: images.postgres, ...sizes });
  return pulumi.secret(
    pulumi.jsonStringify({
      customerUrl: settings.urls.customer,
      images: { instance: images.instance, redis: images.redis, pullPolicy: settings.imagePullPolicy },
      resources,
      database: {
        shared: {
          host: server.host,
          port: server.port,
          cidr: server.external?.cidr,
          ca: authority && { certificate: authority, file: caFileOf('tenants') },
          adminUser: 'authsome_tenants',
          template: 'authsome_template',
          adminPassword: secrets.tenantsDb,
          sslMode: server.sslMode,
        },
        dedicated: { pro: withImage(dedicatedDatabase.pro), enterprise: withImage(dedicatedDatabase.enterprise) },
      },
      cluster: { systemNamespace: settings.namespace, hostDns: settings.hostDns, priorityClass: priorities.tenants.name, ...cluster },
      tracing: tracing ?? tracingTarget({ settings, images }),
    }),
  );
}
