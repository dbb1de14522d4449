import type { DataServiceSettings, PlatformSettings, WorkloadSettings } from './settings.ts';

const smallWorkload: WorkloadSettings = { replicas: 1, cpu: '1', cpuRequest: '50m', memory: '512Mi', memoryRequest: '96Mi' };
const smallData: DataServiceSettings = { cpu: '1', cpuRequest: '50m', memory: '512Mi', memoryRequest: '64Mi', storage: '2Gi' };

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
  hostDns: { cidr: '10.77.0.1/32', port: 10_053 },
  workloads: {
    controlApi: smallWorkload,
    proxy: smallWorkload,
    // The provisioner runs the Pulumi CLI, its plugins and one Node process an operation.
    provisioner: { replicas: 1, cpu: '2', cpuRequest: '100m', memory: '3Gi', memoryRequest: '256Mi' },
  },
  data: { postgres: smallData, tenantsPostgres: smallData, redis: smallData, nats: smallData },
  provisionerConcurrency: 2,
  tenantResources: {
    replicas: 1,
    cpu: '1',
    cpuRequest: '20m',
    memory: '512Mi',
    memoryRequest: '96Mi',
    redisMemory: '128Mi',
    redisMemoryRequest: '16Mi',
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

const production: PlatformSettings = {
  profile: 'production',
  region: 'us-east-1',
  regions: ['us-east-1', 'eu-west-1'],
  namespace: 'authsome-system',
  urls: { control: 'https://api.authsome.cloud', customer: 'https://api.authsome.cloud' },
  imagePullPolicy: 'IfNotPresent',
  storage: {},
  workloads: { controlApi: workload(3), proxy: workload(5), provisioner: { ...workload(3), cpu: '2', memory: '4Gi' } },
  data: {
    postgres: dataService('8Gi', '100Gi'),
    tenantsPostgres: dataService('16Gi', '500Gi'),
    redis: dataService('4Gi', '10Gi'),
    nats: dataService('2Gi', '20Gi'),
  },
  provisionerConcurrency: 4,
  tenantResources: {},
};

const staging: PlatformSettings = {
  ...production,
  profile: 'staging',
  urls: { control: 'https://api.staging.authsome.cloud', customer: 'https://api.staging.authsome.cloud' },
  workloads: { controlApi: workload(2), proxy: workload(2), provisioner: { ...workload(2), cpu: '2', memory: '4Gi' } },
};

export const profiles: Record<PlatformSettings['profile'], PlatformSettings> = { local, staging, production };
