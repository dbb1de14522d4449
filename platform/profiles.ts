import type { DataServiceSettings, PlatformSettings, WorkloadSettings } from './settings.ts';

const smallWorkload: WorkloadSettings = { replicas: 1, cpu: '1', cpuRequest: '50m', memory: '512Mi', memoryRequest: '96Mi' };
const smallPod = { cpu: '1', cpuRequest: '20m', memory: '512Mi', memoryRequest: '64Mi' };
const smallData: DataServiceSettings = { cpu: '1', cpuRequest: '50m', memory: '512Mi', memoryRequest: '64Mi', storage: '2Gi' };
const runbookUrl = 'https://docs.authsome.cloud/runbook';

const localTenant = {
  replicas: 1,
  maxReplicas: 1,
  cpu: '1',
  cpuRequest: '20m',
  memory: '512Mi',
  memoryRequest: '96Mi',
  redisMemory: '128Mi',
  redisMemoryRequest: '16Mi',
};
const localTenantDatabase = {
  cpu: '1',
  cpuRequest: '20m',
  memory: '256Mi',
  memoryRequest: '48Mi',
  storage: '1Gi',
  // Made on demand, unlike the platform's own volumes.
  storageClass: 'authsome-tenants',
};

/** One machine with two cores: requests are explicit and small, since they default to the limits and would fill the node. */
const local: PlatformSettings = {
  profile: 'local',
  region: 'us-east-1',
  regions: ['us-east-1', 'eu-west-1'],
  namespace: 'authsome-system',
  urls: { control: 'http://10.77.0.1:30081', customer: 'http://10.77.0.1:30080' },
  imagePullPolicy: 'IfNotPresent',
  nodePorts: { control: 30_081, customer: 30_080 },
  storage: { storageClass: 'authsome-local', localVolumes: { nodeName: 'authsome-node' } },
  operators: { groups: [], users: [] },
  hostDns: { cidr: '10.77.0.1/32', port: 10_053 },
  apiServer: [{ cidr: '10.77.0.1/32', port: 16_443 }],
  workloads: {
    controlApi: smallWorkload,
    proxy: smallWorkload,
    // The provisioner runs the Pulumi CLI, its plugins and one Node process an operation.
    provisioner: { replicas: 1, cpu: '2', cpuRequest: '100m', memory: '3Gi', memoryRequest: '256Mi', ephemeralStorage: '4Gi' },
  },
  data: {
    postgres: smallData,
    tenantsPostgres: { ...smallData, maxConnections: 200 },
    redis: smallData,
    nats: { ...smallData, replicas: 1 },
  },
  observability: {
    prometheus: { ...smallData, retentionDays: 30 },
    alertmanager: { ...smallData, storage: '1Gi' },
    jaeger: { ...smallData, retentionDays: 2 },
    loki: { ...smallData, retentionDays: 30 },
    grafana: smallPod,
    logCollector: smallPod,
    sampling: 1,
    runbookUrl,
    impatient: true,
    nodePorts: { prometheus: 30_090, alertmanager: 30_093, jaeger: 30_686, grafana: 30_030 },
  },
  backups: {
    ...{ schedule: '30 2 * * *', keepDays: 7, concurrency: 1, timeLimitMinutes: 60 },
    target: { kind: 'volume', storage: '5Gi' },
    ...{ cpu: '1', cpuRequest: '20m', memory: '512Mi', memoryRequest: '64Mi' },
  },
  provisionerConcurrency: 2,
  tenants: {
    resources: { free: localTenant, pro: localTenant, enterprise: localTenant },
    dedicatedDatabase: { pro: localTenantDatabase, enterprise: localTenantDatabase },
    // The local cluster measures no pods.
    metricsApi: false,
    serviceMonitors: false,
  },
};

const workload = (replicas: number): WorkloadSettings => ({
  replicas,
  cpu: '1',
  cpuRequest: '250m',
  memory: '1Gi',
  memoryRequest: '256Mi',
});
const dataService = (memory: string, storage: string): DataServiceSettings => ({
  cpu: '4',
  cpuRequest: '1',
  memory,
  memoryRequest: memory,
  storage,
});

/** Ten replicas of 1 CPU and 2 GiB, one more while they roll, Redis and PostgreSQL. */
const largeTenant = { replicas: 2, maxReplicas: 10, quotaCpu: '16', quotaMemory: '32Gi' };

const production: PlatformSettings = {
  profile: 'production',
  region: 'us-east-1',
  regions: ['us-east-1', 'eu-west-1'],
  namespace: 'authsome-system',
  urls: { control: 'https://api.authsome.cloud', customer: 'https://api.authsome.cloud', dashboard: 'https://dashboard.authsome.cloud' },
  // The zone and the origin's address are the operator's to name: docs/edge.md.
  edge: {
    enabled: true,
    rateLimits: { blockAbovePerSecond: 100, challengeAbovePerMinute: 1_000 },
  },
  imagePullPolicy: 'IfNotPresent',
  storage: {},
  // Traefik, which k3s comes with and any other cluster can have: docs/clusters.md.
  ingress: { className: 'traefik', controller: 'traefik', trustedProxies: 1, tls: { secretName: 'authsome-tls' } },
  operators: { groups: [], users: [] },
  workloads: {
    controlApi: { ...workload(3), autoscale: { min: 3, max: 20 }, minAvailable: 2 },
    proxy: { ...workload(5), autoscale: { min: 5, max: 50 }, minAvailable: 3 },
    provisioner: { ...workload(3), cpu: '2', memory: '4Gi', ephemeralStorage: '4Gi', autoscale: { min: 2, max: 10 }, minAvailable: 1 },
  },
  data: {
    postgres: dataService('8Gi', '100Gi'),
    tenantsPostgres: { ...dataService('16Gi', '500Gi'), maxConnections: 1_000 },
    redis: dataService('4Gi', '10Gi'),
    nats: { ...dataService('2Gi', '20Gi'), replicas: 3 },
  },
  observability: {
    prometheus: { ...dataService('8Gi', '200Gi'), retentionDays: 30 },
    alertmanager: { ...dataService('512Mi', '5Gi'), cpu: '1', cpuRequest: '100m' },
    jaeger: { ...dataService('4Gi', '100Gi'), retentionDays: 7 },
    loki: { ...dataService('4Gi', '500Gi'), retentionDays: 30 },
    grafana: { cpu: '1', cpuRequest: '100m', memory: '1Gi', memoryRequest: '256Mi' },
    logCollector: { cpu: '2', cpuRequest: '200m', memory: '2Gi', memoryRequest: '512Mi' },
    // One in a hundred: at a thousand requests a second that is still ten traces each second.
    sampling: 0.01,
    runbookUrl,
    impatient: false,
  },
  backups: {
    ...{ schedule: '30 2 * * *', keepDays: 30, concurrency: 4, timeLimitMinutes: 720 },
    // Better a bucket, which outlives the cluster: docs/backups.md.
    target: { kind: 'volume', storage: '500Gi' },
    ...{ cpu: '2', cpuRequest: '250m', memory: '1Gi', memoryRequest: '256Mi' },
  },
  provisionerConcurrency: 4,
  tenants: {
    resources: { free: {}, pro: largeTenant, enterprise: { ...largeTenant, quotaCpu: '32', quotaMemory: '64Gi' } },
    dedicatedDatabase: {
      pro: { cpu: '1', cpuRequest: '100m', memory: '2Gi', memoryRequest: '512Mi', storage: '20Gi' },
      enterprise: { cpu: '4', cpuRequest: '1', memory: '16Gi', memoryRequest: '4Gi', storage: '200Gi' },
    },
    metricsApi: true,
    // To be set where Prometheus' operator is installed: without its kinds a tenant's stack would fail.
    serviceMonitors: false,
  },
};

const staging: PlatformSettings = {
  ...production,
  profile: 'staging',
  urls: {
    control: 'https://api.staging.authsome.cloud',
    customer: 'https://api.staging.authsome.cloud',
    dashboard: 'https://dashboard.staging.authsome.cloud',
  },
  workloads: {
    controlApi: workload(2),
    proxy: workload(2),
    provisioner: { ...workload(2), cpu: '2', memory: '4Gi', ephemeralStorage: '4Gi' },
  },
};

export const profiles: Record<PlatformSettings['profile'], PlatformSettings> = { local, staging, production };
