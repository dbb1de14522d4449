import test from 'ava';
import { z } from 'zod';
import { clusterSettings } from '../../../toolchain/cluster/settings.ts';
import { recordPlatform, tenantSettingsOf } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

let resources: RecordedResource[];

test.before(async () => {
  resources = await recordPlatform({ 'authsome:profile': 'local' });
});

const containerSchema = z
  .object({
    securityContext: z.object({
      allowPrivilegeEscalation: z.boolean(),
      readOnlyRootFilesystem: z.boolean(),
      capabilities: z.object({ drop: z.array(z.string()) }),
    }),
    resources: z.object({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }),
    readinessProbe: z.unknown().optional(),
    livenessProbe: z.unknown().optional(),
  })
  .loose();
const podSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        automountServiceAccountToken: z.boolean(),
        securityContext: z
          .object({ runAsNonRoot: z.boolean(), runAsUser: z.int(), seccompProfile: z.object({ type: z.string() }) })
          .loose(),
        containers: z.array(containerSchema),
      }),
    }),
  }),
});

const rolesSchema = z.object({ rules: z.array(z.object({ resources: z.array(z.string()), verbs: z.array(z.string()) })) });
const ingressSchema = z.object({
  spec: z.object({ ingress: z.array(z.object({ from: z.array(z.unknown()).optional(), ports: z.unknown() })).default([]) }),
});

const ofKind = (kind: string): RecordedResource[] => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const named = (kind: string, name: string): RecordedResource | undefined => ofKind(kind).find((resource) => resource.name === name);

test('every pod runs as a non-root user, with a read-only root, no capability, requests and limits', (t) => {
  const workloads = ['Deployment', 'StatefulSet', 'Job'].flatMap(ofKind);
  t.is(workloads.length, 14);
  for (const { name, inputs } of workloads) {
    const { spec } = podSchema.parse(inputs).spec.template;
    t.true(spec.securityContext.runAsNonRoot, name);
    t.not(spec.securityContext.runAsUser, 0, name);
    t.is(spec.securityContext.seccompProfile.type, 'RuntimeDefault', name);
    for (const { securityContext, resources: given } of spec.containers) {
      t.false(securityContext.allowPrivilegeEscalation, name);
      t.true(securityContext.readOnlyRootFilesystem, name);
      t.deepEqual(securityContext.capabilities.drop, ['ALL'], name);
      for (const kind of ['cpu', 'memory']) t.truthy(given.requests[kind] && given.limits[kind], name);
    }
  }
});

test('every long-running container has a readiness and a liveness probe', (t) => {
  for (const { name, inputs } of ['Deployment', 'StatefulSet'].flatMap(ofKind)) {
    for (const { readinessProbe, livenessProbe } of podSchema.parse(inputs).spec.template.spec.containers)
      t.truthy(readinessProbe && livenessProbe, name);
  }
});

test('only the provisioner, Prometheus and the collector of logs hold a token of the API server', (t) => {
  const holders = ['Deployment', 'StatefulSet', 'Job']
    .flatMap(ofKind)
    .filter(({ inputs }) => podSchema.parse(inputs).spec.template.spec.automountServiceAccountToken)
    .map(({ name }) => name);
  t.deepEqual(holders.sort(), ['log-collector', 'prometheus', 'provisioner']);
});

test('Prometheus and the collector of logs may read pods and logs, and nothing else', (t) => {
  for (const [name, kinds] of [
    ['prometheus', ['pods']],
    ['log-collector', ['pods', 'pods/log']],
  ] as const) {
    const { rules } = rolesSchema.parse(named('ClusterRole', name)?.inputs);
    t.deepEqual(
      rules.flatMap((rule) => rule.resources),
      [...kinds],
    );
    t.deepEqual([...new Set(rules.flatMap((rule) => rule.verbs))], ['get', 'list', 'watch']);
  }
});

test('the metrics of each service are read by Prometheus alone, and nobody calls the provisioner', (t) => {
  for (const name of ['control-api', 'proxy', 'provisioner']) {
    const [rule] = ingressSchema.parse(named('NetworkPolicy', `${name}-metrics`)?.inputs).spec.ingress;
    t.deepEqual(rule, {
      from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } }],
      ports: [{ port: 9464, protocol: 'TCP' }],
    });
  }
  t.deepEqual(ingressSchema.parse(named('NetworkPolicy', 'provisioner-ingress')?.inputs).spec.ingress, []);
});

test('no rule lets in everybody by naming nobody', (t) => {
  for (const { name, inputs } of ofKind('NetworkPolicy'))
    for (const { from } of ingressSchema.parse(inputs).spec.ingress) if (from !== undefined) t.true(from.length > 0, name);
});

test('traces of services and tenants go to the Jaeger of the platform', async (t) => {
  const settings = await tenantSettingsOf(resources);
  t.deepEqual(settings.tracing, {
    endpoint: 'http://jaeger.authsome-system.svc.cluster.local:4318',
    namespace: 'authsome-system',
    app: 'jaeger',
    port: 4318,
  });
  for (const name of ['control-api', 'proxy', 'provisioner'])
    t.regex(JSON.stringify(named('Deployment', name)?.inputs), /"OTEL_EXPORTER_OTLP_ENDPOINT","value":"http:\/\/jaeger\./, name);
});

test("the provisioner's rights name their verbs and kinds, and reach neither other roles, nodes nor pods' insides", (t) => {
  const inputs = named('ClusterRole', 'provisioner-in-tenants')?.inputs as { rules: object[] };
  const { rules } = rolesSchema.parse(inputs);
  const kinds = rules.flatMap((rule) => rule.resources);
  t.false(kinds.some((kind) => ['*', 'nodes', 'roles', 'pods/exec', 'serviceaccounts/token'].includes(kind)));
  const verbs = rules.flatMap((rule) => rule.verbs);
  t.false(verbs.some((verb) => ['*', 'escalate', 'impersonate', 'deletecollection'].includes(verb)));
  t.deepEqual(
    inputs.rules.filter((rule) => JSON.stringify(rule).includes('rbac.authorization.k8s.io')),
    [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['create'] },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['authsome:tenant-secrets'],
        verbs: ['bind'],
      },
    ],
  );
  t.is(ofKind('ValidatingAdmissionPolicyBinding').length, 1);
});

test('no account reads Secrets in all namespaces, and the role that reads them is bound to nobody here', (t) => {
  const readers = ofKind('ClusterRole').filter(({ inputs }) =>
    rolesSchema
      .parse(inputs)
      .rules.some(
        ({ resources: kinds, verbs }) => kinds.includes('secrets') && verbs.some((verb) => ['get', 'list', 'watch'].includes(verb)),
      ),
  );
  t.deepEqual(
    readers.map(({ name }) => name),
    ['tenant-secrets'],
  );
  const bound = ['ClusterRoleBinding', 'RoleBinding'].flatMap(ofKind);
  t.false(bound.some(({ inputs }) => JSON.stringify(inputs).includes('authsome:tenant-secrets')));
});

test("the provisioner writes the kinds of a tenant's stack, and lets go of what ends among those that controllers make", (t) => {
  const { rules } = z
    .object({ rules: z.array(z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) })) })
    .parse(named('ClusterRole', 'provisioner-in-tenants')?.inputs);
  const kindsOf = (some: typeof rules): string[] =>
    some.flatMap(({ apiGroups, resources }) => resources.map((resource) => [...apiGroups, resource].join('/'))).sort();
  const writing = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
  const written = kindsOf(writing.filter(({ verbs }) => verbs.includes('create') || verbs.includes('update')));
  const released = writing.filter(({ verbs }) => !verbs.includes('create') && !verbs.includes('update') && !verbs.includes('bind'));
  t.deepEqual(kindsOf(released), ['/persistentvolumeclaims', '/pods', 'apps/replicasets']);
  const { validations } = z
    .object({ spec: z.object({ validations: z.array(z.object({ expression: z.string() })) }) })
    .parse(named('ValidatingAdmissionPolicy', 'provisioner')?.inputs).spec;
  const rule = validations.map(({ expression }) => expression).find((expression) => expression.includes('deletionTimestamp'));
  for (const kind of ['pods', 'persistentvolumeclaims', 'replicasets']) t.true(rule?.includes(`'${kind}'`));
  t.deepEqual(written, [
    '/configmaps',
    '/limitranges',
    '/namespaces',
    '/resourcequotas',
    '/secrets',
    '/serviceaccounts',
    '/services',
    'apps/deployments',
    'apps/statefulsets',
    'autoscaling/horizontalpodautoscalers',
    'monitoring.coreos.com/servicemonitors',
    'networking.k8s.io/networkpolicies',
    'policy/poddisruptionbudgets',
    'rbac.authorization.k8s.io/rolebindings',
  ]);
});

test('tenants are made of settings that the provisioner accepts, their own databases on volumes that the local cluster makes', async (t) => {
  const settings = await tenantSettingsOf(resources);
  t.is(settings.customerUrl, 'http://10.77.0.1:30080');
  t.is(settings.database.dedicated.pro.storageClass, clusterSettings.tenantStorageClass);
  t.is(settings.database.dedicated.pro.image, 'registry.example.com/postgres:1');
  t.like(settings.cluster, { systemNamespace: 'authsome-system', metricsApi: false, serviceMonitors: false });
});

test('the tenants’ server accepts more connections than PostgreSQL’s hundred', (t) => {
  t.regex(JSON.stringify(named('StatefulSet', 'tenants-postgres')?.inputs), /max_connections=200/);
});

test('each server lets in the parts that use it and nobody else', (t) => {
  const policy = z.object({ spec: z.object({ ingress: z.array(z.object({ from: z.array(z.unknown()).optional() })) }) });
  const callers = (name: string): string =>
    JSON.stringify(policy.parse(named('NetworkPolicy', `${name}-ingress`)?.inputs).spec.ingress[0]?.from);
  for (const server of ['postgres', 'redis', 'nats']) t.notRegex(callers(server), /app-id|instance/, server);
  t.regex(callers('tenants-postgres'), /authsome.cloud\/app-id/);
  t.notRegex(callers('tenants-postgres'), /proxy|control-api/);
});

test('a service is given its own database role and no other', (t) => {
  const secretOf = (name: string): string => JSON.stringify(named('Secret', name)?.inputs);
  t.regex(secretOf('proxy'), /authsome_proxy:/);
  t.notRegex(secretOf('proxy'), /authsome_control:|authsome_provisioner:|postgres:generated|NATS/);
  t.notRegex(secretOf('provisioner'), /authsome_control:|AUTH_SECRET/);
  t.notRegex(secretOf('control-api'), /authsome_state|PULUMI|adminPassword/);
  for (const service of ['proxy', 'provisioner']) t.notRegex(secretOf(service), /OPERATOR_TOKEN/, service);
});
