import test from 'ava';
import { z } from 'zod';
import { kubernetesName, planSpecs, runTenantProgram } from './run-program.ts';
import type { MadeResource, ProgramRun } from './run-program.ts';

/** What a policy engine would check of every manifest, over the whole of each kind of tenant. */
const quantities = z.object({ cpu: z.string(), memory: z.string(), 'ephemeral-storage': z.string() });
const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  resources: z.strictObject({ requests: quantities, limits: quantities }),
  startupProbe: z.object({}),
  readinessProbe: z.object({}),
  livenessProbe: z.object({}),
  ports: z.array(z.object({ containerPort: z.int().min(1_024), hostPort: z.undefined().optional() })),
  envFrom: z.array(z.unknown()).optional(),
});
const volumeSchema = z.union([
  z.strictObject({ name: z.string(), emptyDir: z.strictObject({ sizeLimit: z.string() }) }),
  z.strictObject({ name: z.string(), secret: z.strictObject({ secretName: z.string(), defaultMode: z.literal(0o440) }) }),
]);
const podSchema = z.strictObject({
  serviceAccountName: z.literal('app-abc123-sa'),
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.int().min(30),
  securityContext: z.object({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.array(containerSchema).min(1),
  volumes: z.array(volumeSchema),
  topologySpreadConstraints: z.array(z.unknown()).optional(),
  // Strict: no hostNetwork, hostPID, hostIPC, no init or ephemeral container that nobody looked at.
});
const workloadSchema = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: podSchema }),
  }),
});
const policySchema = z.object({
  spec: z.object({ podSelector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }), policyTypes: z.array(z.string()) }),
});

const ofKind = ({ resources }: ProgramRun, kind: string): MadeResource[] => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const workloads = (run: ProgramRun) =>
  ['Deployment', 'StatefulSet'].flatMap((kind) => ofKind(run, kind)).map(({ inputs }) => workloadSchema.parse(inputs).spec);

/** The only kinds that a tenant may consist of; any other has to be looked at, and the provisioner's rights with it. */
const kinds = [
  'ConfigMap',
  'Deployment',
  'HorizontalPodAutoscaler',
  'LimitRange',
  'Namespace',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ResourceQuota',
  'Secret',
  'Service',
  'ServiceAccount',
  'ServiceMonitor',
  'StatefulSet',
];

for (const [name, spec] of Object.entries(planSpecs)) {
  test(`${name}: every pod is unprivileged, without a token, within its limits, and nothing else is in it`, async (t) => {
    const run = await runTenantProgram(spec);
    t.is(workloads(run).length, spec.database.tier === 'dedicated' ? 3 : 2);
  });

  test(`${name}: images are the spec's alone`, async (t) => {
    const allowed = [spec.images.instance, spec.images.redis, ...(spec.database.tier === 'dedicated' ? [spec.database.image] : [])];
    const used = workloads(await runTenantProgram(spec)).flatMap(({ template }) => template.spec.containers.map(({ image }) => image));
    t.deepEqual([...new Set(used)].sort(), allowed.sort());
  });

  test(`${name}: every workload's pods have a policy of their own for both directions, and the rest is denied`, async (t) => {
    const run = await runTenantProgram(spec);
    const policies = ofKind(run, 'NetworkPolicy').map(({ inputs }) => policySchema.parse(inputs).spec);
    const [everything, ...others] = policies.sort((a, b) => Object.keys(a.podSelector).length - Object.keys(b.podSelector).length);
    t.deepEqual(everything?.podSelector, {});
    for (const { template } of workloads(run)) {
      const { labels } = template.metadata;
      const own = others.filter(({ podSelector }) =>
        Object.entries(podSelector.matchLabels ?? {}).every(([key, value]) => labels[key] === value),
      );
      t.is(own.length, 1, labels['app.kubernetes.io/name']);
    }
    for (const { policyTypes } of policies) t.deepEqual(policyTypes, ['Ingress', 'Egress']);
  });

  test(`${name}: a workload's selector finds its own pods and no others`, async (t) => {
    const all = workloads(await runTenantProgram(spec));
    for (const { selector } of all) {
      const found = all.filter(({ template }) =>
        Object.entries(selector.matchLabels).every(([key, value]) => template.metadata.labels[key] === value),
      );
      t.is(found.length, 1);
    }
  });

  test(`${name}: no Service is seen from outside the cluster`, async (t) => {
    for (const { inputs } of ofKind(await runTenantProgram(spec), 'Service')) {
      const service = inputs['spec'] as { type?: string; externalIPs?: string[]; ports: { nodePort?: number }[] };
      t.is(service.type, undefined);
      t.is(service.externalIPs, undefined);
      t.true(service.ports.every(({ nodePort }) => nodePort === undefined));
    }
  });

  test(`${name}: it consists of known kinds, all in its own namespace`, async (t) => {
    const objects = (await runTenantProgram(spec)).resources.filter(({ type }) => type.startsWith('kubernetes:'));
    for (const object of objects) {
      const [kind, metadata] = [object.type.split(':').at(-1) ?? '', object.inputs['metadata'] as { name: string; namespace?: string }];
      t.true(kinds.includes(kind), kind);
      t.is(kind === 'Namespace' ? metadata.name : metadata.namespace, 'authsome-app-abc123', kubernetesName(object));
    }
  });
}
