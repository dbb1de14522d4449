import { z } from 'zod';

/**
 * What one customer application should be. The tenant program is a pure function of this value: the same spec gives the same
 * resources, and a second `up` changes nothing.
 */
export const tenantSpecSchema = z.strictObject({
  appId: z.string().regex(/^app_[a-z0-9]{6,24}$/, 'must be app_ and 6 to 24 lower-case letters or digits'),
  plan: z.enum(['free', 'pro', 'enterprise']),
  environment: z.enum(['production', 'staging', 'development']),
  region: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/, 'must look like us-east-1'),
  images: z.strictObject({
    instance: z.string().min(1),
    redis: z.string().min(1),
    pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
  }),
  config: z
    .strictObject({
      sessionTimeoutSeconds: z.int().min(300).max(31_536_000).default(604_800),
      allowedOrigins: z.array(z.url()).max(50).default([]),
      emailVerificationRequired: z.boolean().default(false),
      mode: z.enum(['standalone', 'saas']).default('standalone'),
    })
    .prefault({}),
  resources: z
    .strictObject({
      replicas: z.int().min(0).max(10).default(2),
      cpu: z.string().default('1'),
      cpuRequest: z.string().default('100m'),
      memory: z.string().default('2Gi'),
      memoryRequest: z.string().default('128Mi'),
      redisMemory: z.string().default('1Gi'),
      redisMemoryRequest: z.string().default('32Mi'),
      quotaCpu: z.string().default('4'),
      quotaMemory: z.string().default('8Gi'),
    })
    .prefault({}),
  /** The server on which the tenant's database and role are created, as an administrator who may create both. */
  database: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(5432),
    adminUser: z.string().min(1),
    adminPassword: z.string().min(1),
    sslMode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('disable'),
    connectionLimit: z.int().min(1).max(500).default(20),
  }),
  cluster: z.strictObject({
    /** Namespace of the proxy, the only caller the instance accepts. */
    systemNamespace: z.string().min(1),
    /** Where cluster DNS listens when it is not a pod in kube-system: the local cluster runs it on the host. */
    hostDns: z.strictObject({ cidr: z.string().min(1), port: z.int().min(1).max(65_535) }).optional(),
    /** CIDR of the shared database's pods or hosts; absent: pods labelled app.kubernetes.io/name=postgres in systemNamespace. */
    databaseCidr: z.string().optional(),
  }),
});

export type TenantSpec = z.output<typeof tenantSpecSchema>;
export type TenantSpecInput = z.input<typeof tenantSpecSchema>;

/** What `up` returns for one tenant. Secret fields are secrets in the stack's state; here they are plain text, in memory only. */
export const tenantOutputsSchema = z.strictObject({
  programVersion: z.string(),
  namespace: z.string(),
  internalUrl: z.url(),
  databaseHost: z.string(),
  databaseName: z.string(),
  databaseUser: z.string(),
  databaseUrl: z.string(),
  redisHost: z.string(),
  redisUrl: z.string(),
  /** Bearer token that the proxy sends to the instance and the instance compares in constant time. */
  instanceToken: z.string().min(32),
});

export type TenantOutputs = z.output<typeof tenantOutputsSchema>;

/** Output names that must be secret in the stack's state. */
export const secretOutputs = ['databaseUrl', 'redisUrl', 'instanceToken'] as const;
