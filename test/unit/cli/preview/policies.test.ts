import test from 'ava';
import type { PlannedResource } from '../../../../cli/preview/planned-resource.ts';
import { checkPolicies } from '../../../../cli/preview/policies/index.ts';
import { isPinned } from '../../../../cli/preview/policies/pinned-images.ts';
import { deployment, planned } from './planned.ts';

const policyFor = (podSelector: object, spec: object = {}): PlannedResource =>
  planned('kubernetes:networking.k8s.io/v1:NetworkPolicy', 'app', {
    after: { metadata: { namespace: 'system' }, spec: { podSelector, ...spec } },
  });
const selected = policyFor({ matchLabels: { name: 'app' } });

/** `policy: resource: problem` for everything that is broken. */
const broken = (...plan: PlannedResource[]): string[] =>
  checkPolicies(plan).broken.flatMap(({ policy, violations }) =>
    violations.map(({ resource, problem }) => `${policy}: ${resource}: ${problem}`),
  );
const brokenPod = (...args: Parameters<typeof deployment>): string[] => broken(deployment(...args), selected);

test('a pod that keeps all rules breaks none', (t) => {
  t.deepEqual(brokenPod(), []);
});

const good = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
const unrestricted: [problem: RegExp, given: Parameters<typeof deployment>[0]][] = [
  [/may run as root/, { container: { securityContext: { ...good, runAsNonRoot: false } } }],
  [/runs as user 0/, { container: { securityContext: { ...good, runAsUser: 0 } } }],
  [/is privileged/, { container: { securityContext: { ...good, privileged: true } } }],
  [/may gain privileges/, { container: { securityContext: { ...good, allowPrivilegeEscalation: undefined } } }],
  [/may write to its root file system/, { container: { securityContext: { ...good, readOnlyRootFilesystem: false } } }],
  [/keeps capabilities/, { container: { securityContext: { ...good, capabilities: { drop: ['CHOWN'] } } } }],
  [/adds capabilities/, { container: { securityContext: { ...good, capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } } } }],
  [/has no seccomp profile/, { pod: { securityContext: { runAsNonRoot: true, runAsUser: 1 } } }],
  [/hostNetwork/, { pod: { hostNetwork: true } }],
  [/folder of the node/, { pod: { volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] } }],
];
for (const [problem, given] of unrestricted) {
  test(`restricted-pods: a pod is refused for ${problem.source}`, (t) => {
    const found = brokenPod(given);
    t.is(found.length, 1, found.join('\n'));
    t.regex(found[0] ?? '', problem);
  });
}

test('bounded-containers: each limit and request is asked for', (t) => {
  const found = brokenPod({ container: { resources: { limits: { cpu: '1' }, requests: { memory: '1Gi' } } } });
  t.deepEqual(
    found.map((line) => line.slice('bounded-containers: Deployment/app: container app '.length)),
    ['has no cpu in its requests', 'has no memory in its limits'],
  );
  t.is(brokenPod({ container: { resources: undefined } }).length, 4);
});

test('network-policies: a pod must be selected by a policy of its namespace, for what comes in', (t) => {
  const unselected = ['network-policies: Deployment/app: no NetworkPolicy in system selects its pods'];
  t.deepEqual(broken(deployment()), unselected);
  t.deepEqual(broken(deployment(), policyFor({ matchLabels: { name: 'other' } })), unselected);
  t.deepEqual(broken(deployment(), policyFor({}, { policyTypes: ['Egress'] })), unselected);
  t.deepEqual(broken(deployment(), policyFor({ matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['app'] }] })), unselected);
  for (const selector of [{}, { matchExpressions: [{ key: 'name', operator: 'Exists' }] }])
    t.deepEqual(broken(deployment(), policyFor(selector)), []);
});

test('network-policies: a policy that is going protects nothing', (t) => {
  t.is(broken(deployment(), { ...selected, op: 'delete', after: undefined }).length, 1);
});

test('pinned-images: digests, versions and hashes name one image; latest, branches and bare numbers do not', (t) => {
  const digest = `@sha256:${'0'.repeat(64)}`;
  for (const image of [
    `app${digest}`,
    `r.example.com:5000/a/app:latest${digest}`,
    'app:1.2',
    'r.example.com:5000/app:v0.8.0-rc.1',
    'localhost/app:0123456789abcdef',
  ])
    t.true(isPinned(image), image);
  for (const image of ['app', 'r.example.com:5000/app', 'app:latest', 'app:main', 'app:15', 'app:stable-1.2', ''])
    t.false(isPinned(image), image);
  t.regex(brokenPod({ container: { image: 'app:latest' } }).join(), /pinned-images: .*app:latest/);
});

test('no-plain-secrets: env, command lines and ConfigMaps hold none', (t) => {
  const inEnv = (name: string, value?: string): string[] => brokenPod({ container: { env: [{ name, value }] } });
  t.regex(inEnv('DB_PASSWORD', 'x').join(), /container app has DB_PASSWORD as a plain value/);
  t.regex(inEnv('ENCRYPTION_KEY', 'x').join(), /ENCRYPTION_KEY/);
  t.regex(inEnv('DATABASE_URL', 'postgres://user:word@host/db').join(), /DATABASE_URL/);
  t.regex(inEnv('ANYTHING', '[secret]').join(), /ANYTHING/);
  for (const [name, value] of [
    ['POSTGRES_PASSWORD_FILE', '/etc/password'],
    ['PUBLIC_URL', 'https://example.com'],
    ['DB_PASSWORD', undefined],
    ['PUBLIC_KEY_ID', 'x'],
  ] as const)
    t.deepEqual(inEnv(name, value), [], name);
  t.regex(brokenPod({ container: { args: ['--dsn=postgres://user:word@host'] } }).join(), /command line/);
  const data = { 'app.conf': 'url = redis://:word@host' };
  t.regex(broken(planned('kubernetes:core/v1:ConfigMap', 'app', { after: { data } })).join(), /ConfigMap\/app: app.conf is a secret/);
});

const ingress = (path: string, service: string, pathType = 'Prefix'): PlannedResource =>
  planned('kubernetes:networking.k8s.io/v1:Ingress', 'public', {
    after: { spec: { rules: [{ http: { paths: [{ path, pathType, backend: { service: { name: service } } }] } }] } },
  });

test("operator-paths: nothing public leads to the operator's API, to metrics or to a server", (t) => {
  for (const path of ['/', '/operator', '/operator/v1/workspaces'])
    t.regex(broken(ingress(path, 'control-api')).join(), /opens \/operator/, path);
  t.regex(broken(ingress('/', 'proxy')).join(), /opens \/metrics/);
  t.regex(broken(ingress('/db', 'postgres')).join(), /leads to postgres/);
  t.deepEqual(broken(ingress('/control/v1', 'control-api'), ingress('/v1', 'proxy'), ingress('/health', 'proxy', 'Exact')), []);
});

test('operator-paths: an HTTPRoute is judged as an Ingress is', (t) => {
  const route = (value?: string): PlannedResource =>
    planned('kubernetes:gateway.networking.k8s.io/v1:HTTPRoute', 'public', {
      after: {
        spec: { rules: [{ matches: value === undefined ? undefined : [{ path: { value } }], backendRefs: [{ name: 'control-api' }] }] },
      },
    });
  t.true(broken(route()).length > 0);
  t.deepEqual(broken(route('/control/v1')), []);
});

test('an exception says on the resource why it may, for one policy, and is told', (t) => {
  const given = { pod: { hostNetwork: true }, container: { image: 'app:latest' } };
  const report = checkPolicies([
    deployment({ ...given, annotations: { 'authsome.cloud/except-restricted-pods': 'reads the node' } }),
    selected,
  ]);
  t.deepEqual(report.exceptions, [{ policy: 'restricted-pods', resource: 'Deployment/app', reason: 'reads the node' }]);
  t.deepEqual(
    report.broken.map(({ policy }) => policy),
    ['pinned-images'],
  );
  t.is(brokenPod({ pod: { hostNetwork: true }, annotations: { 'authsome.cloud/except-restricted-pods': '' } }).length, 1);
});

test('a workload that cannot be read is not passed over: there is no report', (t) => {
  const unknown = planned('kubernetes:apps/v1:Deployment', 'app', { after: { spec: '[not known yet]' } });
  t.throws(() => checkPolicies([unknown]), { message: /Deployment\/app can't be judged/ });
});
