import { z } from 'zod';
import { appConfigSchema } from './app-config.ts';
import { checkCeilings } from './check-ceilings.ts';
import { databaseTiers, plans } from './plans.ts';
import { parseBytes, parseCpu } from './quantity.ts';

const cpu = z.string().refine((text) => parseCpu(text) !== undefined, { error: 'must be a CPU quantity such as 500m or 2' });
const memory = z.string().refine((text) => parseBytes(text) !== undefined, { error: 'must be a quantity of bytes such as 512Mi' });
const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a CIDR such as 10.0.0.0/8' });
const port = z.int().min(1).max(65_535);
/** A Kubernetes name or label value that is a DNS label. */
const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes');

export const resourcesSchema = z.strictObject({
  /** Of the instance; 0 suspends the application, and keeps its data. */
  replicas: z.int().min(0).max(10).default(2),
  /** Up to which an autoscaler may go where the cluster measures its pods. Quota and database connections are made for this many. */
  maxReplicas: z.int().min(1).max(10).default(2),
  cpu: cpu.default('1'),
  cpuRequest: cpu.default('100m'),
  memory: memory.default('2Gi'),
  memoryRequest: memory.default('128Mi'),
  /** Database connections of one replica. */
  databasePoolSize: z.int().min(1).max(50).default(5),
  redisCpu: cpu.default('500m'),
  redisCpuRequest: cpu.default('20m'),
  redisMemory: memory.default('1Gi'),
  redisMemoryRequest: memory.default('32Mi'),
  quotaCpu: cpu.default('4'),
  quotaMemory: memory.default('8Gi'),
});

/** The server on which free tenants' databases are: PostgreSQL 15 or later, and an administrator who may create databases and roles. */
export const sharedDatabaseSchema = z.strictObject({
  tier: z.literal('shared'),
  host: z.string().min(1),
  port: port.default(5432),
  adminUser: z.string().min(1),
  adminPassword: z.string().min(1),
  sslMode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('disable'),
  /** Of the authority that signed the server's certificate: in PEM, and the file in which the provisioner itself has it. */
  ca: z.strictObject({ certificate: z.string().startsWith('-----BEGIN CERTIFICATE-----'), file: z.string().min(1) }).optional(),
  /** Database that each tenant's is a copy of, from which the other tenants can't be listed; absent: template0. */
  template: z.string().min(1).optional(),
  /** Addresses of a server outside the cluster; absent: the pods of `tenants-postgres` in the system namespace. */
  cidr: cidr.optional(),
});

/** A server of the tenant's own, in its namespace. */
export const dedicatedDatabaseSchema = z.strictObject({
  tier: z.literal('dedicated'),
  image: z.string().min(1),
  cpu: cpu.default('500m'),
  cpuRequest: cpu.default('50m'),
  memory: memory.default('1Gi'),
  memoryRequest: memory.default('128Mi'),
  /** Size of the volume when it is made; a larger one later is a matter of the claim, not of this program. */
  storage: memory.default('20Gi'),
  /** Absent: the cluster's default class. */
  storageClass: z.string().min(1).optional(),
});

export const clusterSchema = z
  .strictObject({
    /** Namespace of the proxy, the only caller the instance accepts, and of the provisioner. */
    systemNamespace: dnsLabel,
    /** Namespace of the Prometheus pods that read metrics; absent: the system namespace. */
    monitoringNamespace: dnsLabel.optional(),
    /** Where cluster DNS listens when it is not a pod in kube-system: the local cluster runs it on the host. */
    hostDns: z.strictObject({ cidr, port }).optional(),
    /** Addresses of nodes, pods and services outside the private ranges, which instances must not reach either. */
    internalCidrs: z.array(cidr).max(50).default([]),
    /** Whether pods have IPv6 addresses, and so may call the public internet over IPv6. */
    ipv6: z.boolean().default(false),
    /** Private addresses that instances may call all the same, such as a mail relay or an identity provider of the installation. */
    privateEgress: z.array(z.strictObject({ cidr, port })).max(20).default([]),
    /** Priority class of all pods, which the platform makes; absent: the cluster's default. */
    priorityClass: dnsLabel.optional(),
    /** Whether the metrics API serves pods' CPU and memory, without which an autoscaler would wait for ever. */
    metricsApi: z.boolean().default(false),
    /** Whether the cluster knows Prometheus' ServiceMonitor, and a Grafana reads dashboards from ConfigMaps. */
    serviceMonitors: z.boolean().default(false),
  })
  .refine(({ ipv6, internalCidrs }) => !ipv6 || internalCidrs.some((block) => block.includes(':')), {
    path: ['internalCidrs'],
    error: "must name the cluster's own IPv6 addresses, which are often public ones",
  });

export const tracingSchema = z.strictObject({
  /** Base URL of the collector's OTLP over HTTP. */
  endpoint: z.url({ protocol: /^https?$/ }),
  /** Where the collector's pods are: namespace, `app.kubernetes.io/name`, and the port they listen on. */
  namespace: dnsLabel,
  app: dnsLabel,
  port: port.default(4318),
});

/** A spec without the rules that hold between its fields: enough to destroy what was made by rules that have changed since. */
export const looseTenantSpecSchema = z.strictObject({
  appId: z.string().regex(/^app_[a-z0-9]{6,24}$/, 'must be app_ and 6 to 24 lower-case letters or digits'),
  plan: z.enum(plans),
  environment: z.enum(['production', 'staging', 'development']),
  region: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/, 'must look like us-east-1'),
  /** Where customers reach the application, e.g. https://api.authsome.cloud/v1/app_abc123. */
  publicUrl: z.url({ protocol: /^https?$/ }),
  images: z.strictObject({
    instance: z.string().min(1),
    redis: z.string().min(1),
    pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
  }),
  config: appConfigSchema.prefault({}),
  resources: resourcesSchema.prefault({}),
  database: z.discriminatedUnion('tier', [sharedDatabaseSchema, dedicatedDatabaseSchema]),
  cluster: clusterSchema,
  tracing: tracingSchema.optional(),
  /** When the owner last asked for a restart: another time rolls the instance's pods. */
  restartedAt: z.iso.datetime().optional(),
});

/**
 * What one customer application should be. The tenant program is a pure function of this value: the same spec gives the same
 * resources, and a second `up` changes nothing. What exceeds the plan or does not fit into the quota is refused here, before anything is made.
 */
export const tenantSpecSchema = looseTenantSpecSchema.superRefine((spec, context) => {
  // Fields that are no quantities can't be added up.
  if (context.issues.length > 0) return;
  for (const { path, message } of checkCeilings(spec)) context.addIssue({ code: 'custom', path, message });
});

export type TenantSpec = z.output<typeof looseTenantSpecSchema>;
export type TenantSpecInput = z.input<typeof tenantSpecSchema>;
export type SharedDatabaseSpec = z.output<typeof sharedDatabaseSchema>;
export type DedicatedDatabaseSpec = z.output<typeof dedicatedDatabaseSchema>;

/** What `up` returns for one tenant. Secret fields are secrets in the stack's state; here they are plain text, in memory only. */
export const tenantOutputsSchema = z.strictObject({
  programVersion: z.string(),
  namespace: z.string(),
  internalUrl: z.url(),
  databaseTier: z.enum(databaseTiers),
  databaseHost: z.string(),
  databaseName: z.string(),
  databaseUser: z.string(),
  databaseUrl: z.string(),
  /** Of a server of the tenant's own, as its superuser: for backups, and to restore them. */
  databaseAdminUrl: z.string().optional(),
  redisHost: z.string(),
  redisUrl: z.string(),
  /** Bearer token that the proxy sends to the instance and the instance compares in constant time. */
  instanceToken: z.string().min(32),
});

export type TenantOutputs = z.output<typeof tenantOutputsSchema>;

/** Output names that must be secret in the stack's state. */
export const secretOutputs = ['databaseUrl', 'databaseAdminUrl', 'redisUrl', 'instanceToken'] as const;
