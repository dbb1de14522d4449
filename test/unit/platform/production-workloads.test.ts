import test from 'ava';
import { inputsOf, recordPlatform } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

interface Container {
  name: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  startupProbe?: object;
  readinessProbe?: object;
  livenessProbe?: object;
}
interface PodSpec {
  priorityClassName?: string;
  containers: Container[];
  initContainers?: Container[];
  topologySpreadConstraints?: object[];
  affinity?: object;
}
interface Workload {
  kind: string;
  name: string;
  replicas: number;
  labels: Record<string, string>;
  pod: PodSpec;
}
interface Template {
  metadata: { labels: Record<string, string> };
  spec: PodSpec;
}
interface Manifest {
  metadata: { name: string };
  spec: {
    replicas?: number;
    minReplicas?: number;
    minReplicaCount?: number;
    scaleTargetRef?: { name: string };
    template?: Template;
    jobTemplate?: { spec: { template: Template } };
    selector?: { matchLabels?: Record<string, string> };
    podSelector?: { matchLabels?: Record<string, string> };
    policyTypes?: string[];
  };
}

let resources: RecordedResource[];
let workloads: Workload[];
test.before(async () => {
  const settings = {
    queueScaling: {},
    metricsServer: {},
    operators: { groups: ['platform-operators'] },
    certificateIssuer: { name: 'letsencrypt', email: 'operations@example.com', http01: true },
    ingress: { controllerNamespace: 'traefik', dashboard: { service: 'dashboard', port: 80 } },
  };
  resources = await recordPlatform({ 'authsome:profile': 'production', 'authsome:settings': JSON.stringify(settings) });
  workloads = manifests('Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob').map(toWorkload);
});

function manifests(...kinds: string[]): (Manifest & { kind: string })[] {
  return resources
    .filter(({ type }) => type.startsWith('kubernetes:') && kinds.includes(type.split(':').at(-1) ?? ''))
    .map(({ type, name }) => inputsOf(resources, `${type.split(':').at(-1)}/${name}`) as Manifest & { kind: string });
}

function toWorkload({ kind, metadata: { name }, spec }: Manifest & { kind: string }): Workload {
  const { metadata, spec: pod } = (spec.template ?? spec.jobTemplate?.spec.template) as Template;
  const scaler = manifests('HorizontalPodAutoscaler', 'ScaledObject').find((object) => object.spec.scaleTargetRef?.name === name);
  const replicas = spec.replicas ?? scaler?.spec.minReplicas ?? scaler?.spec.minReplicaCount ?? 1;
  return { kind, name, replicas, labels: metadata.labels, pod };
}

const selects = (selector: { matchLabels?: Record<string, string> } | undefined, { labels }: Workload): boolean =>
  Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

/** A process that ends by itself has nothing to probe. */
const endsByItself = ({ kind }: Workload): boolean => kind === 'Job' || kind === 'CronJob';
const containersOf = ({ pod }: Workload): Container[] => [...(pod.initContainers ?? []), ...pod.containers];

const rules: Record<string, (workload: Workload) => boolean> = {
  'a priority class': ({ pod }) => pod.priorityClassName !== undefined,
  'requests and limits of processor and memory in each container': (workload) =>
    containersOf(workload).every(({ resources: { requests = {}, limits = {} } = {} }) =>
      [requests, limits].every((amounts) => amounts['cpu'] !== undefined && amounts['memory'] !== undefined),
    ),
  'probes for readiness and life in each container': (workload) =>
    endsByItself(workload) ||
    workload.pod.containers.every(({ readinessProbe, livenessProbe }) => readinessProbe !== undefined && livenessProbe !== undefined),
  // Without `spec.podSelector` a policy is for every pod of the namespace: that one lets nothing in, and says who may for nobody.
  'a network policy of its own for who may connect, unless nobody connects to it': (workload) =>
    endsByItself(workload) ||
    manifests('NetworkPolicy').some(
      ({ spec }) =>
        spec.podSelector?.matchLabels !== undefined && selects(spec.podSelector, workload) && (spec.policyTypes ?? []).includes('Ingress'),
    ),
  'a disruption budget where there are several': (workload) =>
    workload.replicas === 1 || manifests('PodDisruptionBudget').some(({ spec }) => selects(spec.selector, workload)),
  'a spread where there are several': ({ replicas, pod }) =>
    replicas === 1 || (pod.topologySpreadConstraints ?? []).length > 0 || pod.affinity !== undefined,
};

test('production with every option has these workloads', (t) => {
  const names = workloads.map(({ kind, name, replicas }) => `${kind}/${name.replace(/-[0-9a-f]{10}$/, '-…')} ${replicas}`);
  t.deepEqual(names.sort(), [
    'CronJob/backup 1',
    'CronJob/restore 1',
    'Deployment/control-api 3',
    'Deployment/grafana 1',
    'Deployment/log-collector 1',
    'Deployment/metrics-server 1',
    'Deployment/provisioner 2',
    'Deployment/proxy 5',
    // By the hash of what it was made from.
    'Job/database-setup-… 1',
    'StatefulSet/alertmanager 1',
    'StatefulSet/jaeger 1',
    'StatefulSet/loki 1',
    'StatefulSet/nats 3',
    'StatefulSet/postgres 1',
    'StatefulSet/prometheus 1',
    'StatefulSet/redis 1',
    'StatefulSet/tenants-postgres 1',
  ]);
});

for (const [what, holds] of Object.entries(rules))
  test(`each workload of production has ${what}`, (t) => {
    t.deepEqual(
      workloads.filter((workload) => !holds(workload)).map(({ kind, name }) => `${kind}/${name}`),
      [],
    );
  });
