import { z } from 'zod';
import { checkSettings } from './check-settings.ts';
import { certificateIssuer, ingressOrNone, metricsServer, operators, queueScaling } from './cluster/cluster-settings.ts';
import { backupSettingsSchema } from './backups/backup-settings.ts';
import { edgeSettingsSchema } from './edge/edge-settings.ts';
import { observabilitySettingsSchema } from './observability/observability-settings.ts';
import { externalPostgresSettings } from './postgres/external-settings.ts';
import { dataServiceSettings, workloadSettings } from './resource-settings.ts';

/** Instances give idle connections back, so the sum of what tenants may have can be far above what the server accepts at once. */
const tenantsServer = dataServiceSettings.extend({ maxConnections: z.int().min(50).max(10_000) });
/** One server, or a cluster: of an even number no more may fail than of one less. The services keep as many copies of their streams. */
const natsServers = dataServiceSettings.extend({ replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]) });
const url = z.url({ protocol: /^https?$/, hostname: /^[a-z0-9.-]+$/ });
const quantities = z.record(z.string(), z.union([z.string(), z.int()]));

/** All that differs between one platform and another. A profile gives every value; a stack's configuration may override any of them. */
const settingsFields = z.strictObject({
  profile: z.enum(['local', 'staging', 'production']),
  region: z.string(),
  regions: z.array(z.string()).min(1),
  namespace: z.string(),
  /** Where owners and customers reach the platform, and owners' browsers the dashboard, without a path. */
  urls: z.strictObject({ control: url, customer: url, dashboard: url.optional() }),
  /** Cloudflare in front of the ingress; left out in the local profile. */
  edge: edgeSettingsSchema.optional(),
  imagePullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']),
  /** Ports of the node on which the local profile shows its two front doors; elsewhere an ingress does. */
  nodePorts: z.strictObject({ control: z.int(), customer: z.int() }).optional(),
  storage: z.strictObject({
    storageClass: z.string().optional(),
    /** Local volumes on the one node, made by the program itself; elsewhere the storage class provisions them. */
    localVolumes: z.strictObject({ nodeName: z.string() }).optional(),
  }),
  ingress: ingressOrNone,
  certificateIssuer: certificateIssuer.optional(),
  metricsServer: metricsServer.optional(),
  operators,
  /** Cluster DNS outside of pods, as the local cluster has it. */
  hostDns: z.strictObject({ cidr: z.string(), port: z.int() }).optional(),
  /** Addresses and ports of the cluster's API servers themselves, behind their Service; left out: any address, at the usual ports. */
  apiServer: z
    .array(z.strictObject({ cidr: z.union([z.cidrv4(), z.cidrv6()]), port: z.int().min(1).max(65_535) }))
    .min(1)
    .optional(),
  workloads: z.strictObject({ controlApi: workloadSettings, proxy: workloadSettings, provisioner: workloadSettings }),
  data: z.strictObject({
    postgres: dataServiceSettings,
    tenantsPostgres: tenantsServer,
    redis: dataServiceSettings,
    nats: natsServers,
  }),
  /** Servers that somebody else runs, instead of `data.postgres` and `data.tenantsPostgres`; their URLs are secrets of the stack's configuration. */
  externalPostgres: externalPostgresSettings.optional(),
  /** Left out: the platform does not watch itself. */
  observability: observabilitySettingsSchema.optional(),
  backups: backupSettingsSchema,
  provisionerConcurrency: z.int().min(1).max(16),
  queueScaling: queueScaling.optional(),
  tenants: z.strictObject({
    /** Resources of an application by its workspace's plan: the fields of TenantSpec.resources. */
    resources: z.strictObject({ free: quantities, pro: quantities, enterprise: quantities }),
    /** The database server of its own that an application of these plans has: the fields of TenantSpec.database, but for the image. */
    dedicatedDatabase: z.strictObject({ pro: quantities, enterprise: quantities }),
    /** Whether the cluster serves the metrics API, from which autoscalers read. */
    metricsApi: z.boolean(),
    /** Whether the cluster knows ServiceMonitor, and where its Prometheus is when not in the platform's namespace. */
    serviceMonitors: z.boolean(),
    monitoringNamespace: z.string().optional(),
    /** Whether pods have IPv6 addresses; the cluster's own must then be named. */
    ipv6: z.boolean().optional(),
    /** Addresses of nodes, pods and services outside the private ranges: tenants must not reach them. */
    internalCidrs: z.array(z.string()).optional(),
    /** Private addresses that tenants may reach, such as a mail relay. */
    privateEgress: z.array(z.strictObject({ cidr: z.string(), port: z.int() })).optional(),
    /** Where instances send their traces, when not to the platform's own Jaeger. */
    tracing: z.strictObject({ endpoint: z.url(), namespace: z.string(), app: z.string(), port: z.int() }).optional(),
  }),
});

export const platformSettingsSchema = settingsFields.superRefine((settings, context) => {
  for (const { path, message } of checkSettings(settings)) context.addIssue({ code: 'custom', path, message });
});

export type PlatformSettings = z.output<typeof settingsFields>;
export type WorkloadSettings = PlatformSettings['workloads']['proxy'];
export type IngressSettings = NonNullable<PlatformSettings['ingress']>;
export type DataServiceSettings = PlatformSettings['data']['postgres'];

/** References of the images, by name; the local profile reads what the image builder wrote, others what was published. What has none of the optional ones is not deployed. */
export const platformImagesSchema = z.object({
  'control-api': z.string(),
  provisioner: z.string(),
  proxy: z.string(),
  instance: z.string(),
  backup: z.string(),
  postgres: z.string(),
  redis: z.string(),
  nats: z.string(),
  prometheus: z.string().optional(),
  alertmanager: z.string().optional(),
  jaeger: z.string().optional(),
  grafana: z.string().optional(),
  loki: z.string().optional(),
  'log-collector': z.string().optional(),
});

export type PlatformImages = z.output<typeof platformImagesSchema>;
