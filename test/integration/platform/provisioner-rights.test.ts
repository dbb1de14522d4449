import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startApiServer } from '../../support/start-api-server.ts';
import type { ApiServer } from '../../support/start-api-server.ts';
import { inputsOf, recordPlatform } from '../../unit/platform/record-platform.ts';
import { planSpecs, runTenantProgram } from '../../unit/tenant-program/run-program.ts';

// What the provisioner's account may do is asked of a real API server, which knows its roles and its admission policy.
const timeoutMs = 180_000;
const system = 'authsome-system';
const tenant = 'authsome-app-abc123';
const foreign = 'somebody-else';
const directory = makeServerDirectory();
const asProvisioner = `--as=system:serviceaccount:${system}:provisioner`;
const forbidden = { message: /[Ff]orbidden/ };

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

let api: ApiServer;
/** Every object of a paid application, as its stack makes it. */
let stack: KubernetesObject[];

test.before(async (t) => {
  t.timeout(timeoutMs);
  const recorded = await recordPlatform({ 'authsome:profile': 'local' });
  const accessKinds = ['ClusterRole', 'ClusterRoleBinding', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
  const access = recorded
    .filter(({ type }) => accessKinds.some((kind) => type.endsWith(`:${kind}`)))
    .map(({ type, name }) => inputsOf(recorded, `${type.split(':').at(-1)}/${name}`) as KubernetesObject);
  const { resources } = await runTenantProgram({
    ...planSpecs.pro,
    cluster: { systemNamespace: system, metricsApi: true, serviceMonitors: false },
  });
  stack = resources.filter(({ type }) => type.startsWith('kubernetes:')).map(({ inputs }) => inputs as unknown as KubernetesObject);
  api = await startApiServer(directory);
  const namespaces = [system, foreign].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  const secrets = [system, foreign].map((namespace) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'control-api', namespace },
  }));
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'provisioner', namespace: system } };
  await api.kubectl('create', `--filename=${fileOf([...namespaces, ...secrets, account, ...access])}`);
  await until(async () => void (await api.kubectl('get', 'namespaces', asProvisioner)));
  // A policy is in force a moment after it is made.
  await until(async () => {
    const write = api.kubectl('create', 'configmap', 'probe', `--namespace=${foreign}`, '--dry-run=server', asProvisioner);
    if (
      await write.then(
        () => true,
        () => false,
      )
    )
      throw new Error('the policy is not in force');
  });
});
test.after.always(async () => {
  await api?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function until(attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

let files = 0;
function fileOf(objects: readonly object[]): string {
  const file = join(directory, `objects-${(files += 1)}.json`);
  writeFileSync(file, objects.map((object) => JSON.stringify(object)).join('\n'));
  return file;
}

/** As Pulumi does it. */
const apply = (objects: readonly object[], ...more: string[]): Promise<{ stdout: string; stderr: string }> =>
  api.kubectl('apply', '--server-side', '--field-manager=pulumi', `--filename=${fileOf(objects)}`, asProvisioner, ...more);

const ofStack = (kind: string, name: string): KubernetesObject => {
  const found = stack.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return structuredClone(found);
};

/** The binding that services/provisioner/cluster/open-secrets.ts makes. */
function binding(namespace: string, changes: { role?: string; subject?: object } = {}): KubernetesObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'provisioner', namespace },
    roleRef: { apiGroup, kind: 'ClusterRole', name: changes.role ?? 'authsome:tenant-secrets' },
    subjects: [changes.subject ?? { kind: 'ServiceAccount', name: 'provisioner', namespace: system }],
  };
}

test.serial('it reads no Secret of the platform, of another program, or of a tenant without a binding', async (t) => {
  t.timeout(timeoutMs);
  for (const namespace of [system, foreign, tenant]) {
    await t.throwsAsync(api.kubectl('get', 'secrets', `--namespace=${namespace}`, asProvisioner), forbidden, namespace);
    await t.throwsAsync(api.kubectl('get', 'secret', 'control-api', `--namespace=${namespace}`, asProvisioner), forbidden, namespace);
  }
  await t.throwsAsync(api.kubectl('get', 'secrets', '--all-namespaces', asProvisioner), forbidden);
  // A write that changes nothing would answer with what is there.
  const change = ['label', 'secret', 'control-api', `--namespace=${system}`, 'a=b', '--overwrite', asProvisioner];
  await t.throwsAsync(api.kubectl(...change), forbidden);
  const patch = ['patch', 'secret', 'control-api', `--namespace=${system}`, '--patch={}', '--type=merge', '--output=json', asProvisioner];
  await t.throwsAsync(api.kubectl(...patch), forbidden);
});

test.serial('it makes every object of a tenant’s stack, and makes it again', async (t) => {
  t.timeout(timeoutMs);
  const [namespaces, rest] = [stack.filter(({ kind }) => kind === 'Namespace'), stack.filter(({ kind }) => kind !== 'Namespace')];
  t.true(rest.length >= 12);
  await t.notThrowsAsync(apply(namespaces));
  // kubectl asks for the objects that it applies, as Pulumi does at the second time.
  await t.notThrowsAsync(api.kubectl('create', `--filename=${fileOf([binding(tenant)])}`, asProvisioner));
  await until(async () => void (await api.kubectl('get', 'secrets', `--namespace=${tenant}`, asProvisioner)));
  await t.notThrowsAsync(apply(rest));
  await t.notThrowsAsync(apply(rest));
  const { stdout } = await api.kubectl('get', 'secrets', '--output=name', `--namespace=${tenant}`, asProvisioner);
  t.deepEqual(stdout.trim().split('\n').sort(), ['secret/instance', 'secret/postgres', 'secret/redis']);
  await t.throwsAsync(api.kubectl('get', 'secrets', `--namespace=${system}`, asProvisioner), forbidden);
});

test.serial('it binds that one role, to itself, in tenants’ namespaces', async (t) => {
  t.timeout(timeoutMs);
  const refuse = async (object: object, why: RegExp): Promise<void> =>
    void (await t.throwsAsync(api.kubectl('create', '--dry-run=server', `--filename=${fileOf([object])}`, asProvisioner), {
      message: why,
    }));
  const other = (object: KubernetesObject): KubernetesObject => ({ ...object, metadata: { ...object.metadata, name: 'other' } });
  await refuse(other(binding(system)), /only namespaces of tenants/);
  await refuse(other(binding(foreign)), /only namespaces of tenants/);
  await refuse(other(binding(tenant, { role: 'cluster-admin' })), /[Ff]orbidden/);
  const theirs = { kind: 'ServiceAccount', name: 'app-abc123-sa', namespace: tenant };
  await refuse(other(binding(tenant, { subject: theirs })), /to itself, and nothing else/);
  const everywhere = { ...binding(''), kind: 'ClusterRoleBinding', metadata: { name: 'other' } };
  await refuse(everywhere, /[Ff]orbidden/);
});

test.serial('it can’t lower what a namespace enforces, by whatever verb', async (t) => {
  t.timeout(timeoutMs);
  const refused = { message: /must enforce the Pod Security level restricted/ };
  const label = (...labels: string[]) => api.kubectl('label', 'namespace', tenant, '--overwrite', ...labels, asProvisioner);
  for (const value of ['enforce=privileged', 'enforce=baseline', 'enforce-version=v1.0'])
    await t.throwsAsync(label(`pod-security.kubernetes.io/${value}`), refused, value);
  await t.throwsAsync(label('pod-security.kubernetes.io/enforce-'), refused);
  await t.notThrowsAsync(label('authsome.cloud/plan=pro'));
  const bare = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'authsome-app-zzzzzz' } };
  await t.throwsAsync(api.kubectl('create', `--filename=${fileOf([bare])}`, asProvisioner), refused);
  const open = ofStack('Namespace', tenant);
  open.metadata.labels = { ...open.metadata.labels, 'pod-security.kubernetes.io/enforce': 'privileged' };
  await t.throwsAsync(apply([open], '--force-conflicts'), refused);
  await t.throwsAsync(api.kubectl('replace', `--filename=${fileOf([open])}`, asProvisioner), refused);
});

type Change = (pod: Record<string, unknown> & { containers: Record<string, unknown>[]; volumes: object[] }) => void;

const loosenings: Record<string, Change> = {
  'the node’s files': (pod) => pod.volumes.push({ name: 'node', hostPath: { path: '/' } }),
  'a token in a volume': (pod) => pod.volumes.push({ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
  'the node’s network': (pod) => (pod['hostNetwork'] = true),
  'the node’s processes': (pod) => (pod['hostPID'] = true),
  'a node of its choice': (pod) => (pod['nodeName'] = 'authsome-node'),
  'a token of the API server': (pod) => (pod['automountServiceAccountToken'] = true),
  'a token by default': (pod) => delete pod['automountServiceAccountToken'],
  'a container with all privileges': (pod) => (pod.containers[0]!['securityContext'] = { privileged: true }),
  'a container that says nothing': (pod) => delete pod.containers[0]!['securityContext'],
  'an init container with all privileges': (pod) =>
    (pod['initContainers'] = [{ name: 'init', image: 'x', securityContext: { privileged: true } }]),
  'one capability': (pod) =>
    (pod.containers[0]!['securityContext'] = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
  'a port of the node': (pod) => (pod.containers[0]!['ports'] = [{ containerPort: 8_080, hostPort: 8_080 }]),
  root: (pod) => (pod['securityContext'] = { runAsUser: 0 }),
};

async function refusesPods(t: ExecutionContext, change: Change): Promise<void> {
  t.timeout(timeoutMs);
  for (const [kind, name] of [
    ['Deployment', 'instance'],
    ['StatefulSet', 'redis'],
  ] as const) {
    const workload = ofStack(kind, name) as KubernetesObject & { spec: { template: { spec: Parameters<Change>[0] } } };
    change(workload.spec.template.spec);
    await t.throwsAsync(
      apply([workload], '--force-conflicts', '--dry-run=server'),
      { message: /of tenants must|disallowed by cluster policy/ },
      kind,
    );
  }
}
for (const [title, change] of Object.entries(loosenings)) test.serial(`no pod template with ${title}`, refusesPods, change);

const doors: Record<string, object> = {
  'a load balancer': { type: 'LoadBalancer' },
  'a port of the node': { type: 'NodePort' },
  'another’s address': { externalIPs: ['192.0.2.1'] },
  'another’s name': { type: 'ExternalName', externalName: 'kubernetes.default.svc' },
};
for (const [title, change] of Object.entries(doors))
  test.serial(`no Service with ${title}`, async (t) => {
    t.timeout(timeoutMs);
    const service = ofStack('Service', 'authsome') as KubernetesObject & { spec: object };
    const changed = { ...service, metadata: { ...service.metadata, name: 'door' }, spec: { ...service.spec, ...change } };
    await t.throwsAsync(apply([changed], '--dry-run=server'), { message: /must be of type ClusterIP/ });
  });

test.serial('it gets no token, neither by a Secret nor by asking, and into no pod', async (t) => {
  t.timeout(timeoutMs);
  const token = {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
    metadata: { name: 'token', namespace: tenant, annotations: { 'kubernetes.io/service-account.name': 'app-abc123-sa' } },
  };
  await t.throwsAsync(apply([token], '--dry-run=server'), { message: /must be of type Opaque/ });
  await t.throwsAsync(api.kubectl('create', 'token', 'app-abc123-sa', `--namespace=${tenant}`, asProvisioner), forbidden);
  await t.throwsAsync(api.kubectl('create', 'token', 'provisioner', `--namespace=${system}`, asProvisioner), forbidden);
  for (const [verb, resource, subresource] of [
    ['create', 'pods', 'exec'],
    ['create', 'pods', 'portforward'],
    ['create', 'pods', ''],
    ['update', 'namespaces', 'finalize'],
    ['patch', 'deployments.apps', 'scale'],
    ['escalate', 'clusterroles.rbac.authorization.k8s.io', ''],
    ['delete', 'rolebindings.rbac.authorization.k8s.io', ''],
  ] as const) {
    const asked = api.kubectl('auth', 'can-i', verb, resource, `--subresource=${subresource}`, `--namespace=${tenant}`, asProvisioner);
    t.is((await asked.catch((err: { stdout: string }) => err)).stdout.trim(), 'no', `${verb} ${resource} ${subresource}`);
  }
});

test.serial('even with every right, subresources and other namespaces stay closed to it: the policy matches both', async (t) => {
  t.timeout(timeoutMs);
  const admin = { ...binding(''), kind: 'ClusterRoleBinding', metadata: { name: 'for-this-test' } };
  const more = { ...admin, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' } };
  await api.kubectl('create', `--filename=${fileOf([more])}`);
  await until(async () => void (await api.kubectl('get', 'secrets', `--namespace=${system}`, asProvisioner)));
  await t.throwsAsync(api.kubectl('create', 'token', 'app-abc123-sa', `--namespace=${tenant}`, asProvisioner), {
    message: /only as a whole/,
  });
  await t.throwsAsync(api.kubectl('scale', 'deployment/instance', '--replicas=0', `--namespace=${tenant}`, asProvisioner), {
    message: /only as a whole/,
  });
  await t.throwsAsync(api.kubectl('create', 'clusterrolebinding', 'x', '--clusterrole=view', '--user=x', asProvisioner), {
    message: /ValidatingAdmissionPolicy/,
  });
  await t.throwsAsync(api.kubectl('delete', 'secret', 'control-api', `--namespace=${system}`, asProvisioner), {
    message: /only namespaces of tenants/,
  });
});
