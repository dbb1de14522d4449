import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startApiServer } from '../../support/start-api-server.ts';
import type { ApiServer } from '../../support/start-api-server.ts';
import { makeCertificate } from '../../support/make-certificate.ts';
import { inputsOf, recordPlatform } from '../../unit/platform/record-platform.ts';

// All that production can have, switched on, is given to a real API server, which knows every field and every rule of admission.
const settings = {
  ingress: {
    controllerNamespace: 'traefik',
    dashboard: { service: 'dashboard', port: 80 },
  },
  certificateIssuer: { name: 'letsencrypt', email: 'operations@example.com', http01: true },
  metricsServer: {},
  operators: { groups: ['platform-operators'], users: ['alice@example.com'] },
  queueScaling: {},
};
/** Of kinds that others' programs bring along, which this API server does not know. */
const foreignKinds = ['ClusterIssuer', 'Middleware', 'ScaledObject', 'TLSOption'];
const timeoutMs = 180_000;
const namespace = 'authsome-system';
const directory = makeServerDirectory();

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  /** Of a Secret. */
  type?: string;
  stringData?: Record<string, string>;
  spec?: { template?: { spec: PodSpec }; volumeClaimTemplates?: { metadata: { name: string } }[] };
}
interface PodSpec {
  volumes?: object[];
}

let objects: KubernetesObject[];
let api: ApiServer;
test.before(async (t) => {
  t.timeout(timeoutMs);
  const recorded = await recordPlatform({ 'authsome:profile': 'production', 'authsome:settings': JSON.stringify(settings) });
  objects = recorded
    .filter(({ type }) => type.startsWith('kubernetes:'))
    .map(({ type, name }) => inputsOf(recorded, `${type.split(':').at(-1)}/${name}`) as KubernetesObject);
  // The API server looks into certificates, and the mocks' is none.
  const { key, cert } = await makeCertificate();
  for (const object of objects) if (object.type === 'kubernetes.io/tls') object.stringData = { 'tls.crt': cert, 'tls.key': key };
  api = await startApiServer(directory);
});
test.after.always(async () => {
  await api?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** As one file, in this order, strictly: an unknown or doubled field is an error. */
async function create(some: object[]): Promise<{ created: string[]; warnings: string[] }> {
  const file = join(directory, 'objects.json');
  writeFileSync(file, some.map((object) => JSON.stringify(object)).join('\n'));
  const { stdout, stderr } = await api.kubectl('create', '--validate=strict', '--output=name', `--filename=${file}`);
  return { created: stdout.trim().split('\n'), warnings: stderr.split('\n').filter((line) => line.startsWith('Warning')) };
}

test.serial('an API server takes every object of production as it is, without a warning', async (t) => {
  t.timeout(timeoutMs);
  const ofCluster = objects.filter(({ kind }) => !foreignKinds.includes(kind));
  const first = ['PriorityClass', 'Namespace'];
  const ordered = ofCluster.toSorted((one, other) => first.indexOf(other.kind) - first.indexOf(one.kind));
  const { created, warnings } = await create(ordered);
  t.is(created.length, ofCluster.length);
  t.deepEqual(warnings, []);
  t.deepEqual([...new Set(objects.map(({ kind }) => kind))].filter((kind) => foreignKinds.includes(kind)).sort(), foreignKinds);
  for (const kind of ['Ingress', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'APIService', 'ClusterRoleBinding'])
    t.true(
      objects.some((object) => object.kind === kind),
      kind,
    );
});

test.serial('Pod Security and priorities let every pod in that production would start', async (t) => {
  t.timeout(timeoutMs);
  // A controller makes it, of which there is none here.
  await create([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }]);
  const pods = objects.flatMap(({ metadata, spec }) => {
    const pod = spec?.template?.spec;
    if (pod === undefined) return [];
    const claimed = (spec?.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({ name, emptyDir: {} }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: metadata.name, namespace },
      spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claimed] },
    };
  });
  t.true(pods.length >= 9);
  t.is((await create(pods)).created.length, pods.length);
  const { stdout } = await api.kubectl(
    'get',
    'pod',
    `--namespace=${namespace}`,
    '--output=jsonpath={range .items[*]}{.metadata.name}={.spec.priority} {end}',
  );
  const priorities = stdout.trim().split(' ');
  for (const expected of ['nats=1000000', 'proxy=900000']) t.true(priorities.includes(expected), stdout);
});

test.serial('the same API server refuses a pod that is not restricted, so the test before says something', async (t) => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'root', namespace },
    spec: { containers: [{ name: 'root', image: 'example/root:1.0' }] },
  };
  await t.throwsAsync(create([pod]), { message: /violates PodSecurity "restricted/ });
});

test.serial('operators see everything but secrets, get into no pod and change nothing', async (t) => {
  const may = async (person: string[], verb: string, resource: string): Promise<string> => {
    const asked = api.kubectl('auth', 'can-i', verb, resource, '--all-namespaces', ...person);
    return (await asked.catch((err: { stdout: string }) => err)).stdout.trim();
  };
  for (const person of [['--as=alice@example.com'], ['--as=bob@example.com', '--as-group=platform-operators']]) {
    for (const resource of ['pods', 'pods/log', 'deployments.apps', 'ingresses.networking.k8s.io', 'nodes'])
      t.is(await may(person, 'get', resource), 'yes', resource);
    for (const [verb, resource] of [
      ['get', 'secrets'],
      ['list', 'secrets'],
      ['create', 'pods/exec'],
      ['create', 'pods/portforward'],
      ['create', 'serviceaccounts/token'],
      ['delete', 'pods'],
      ['patch', 'deployments.apps'],
    ] as const)
      t.is(await may(person, verb, resource), 'no', `${verb} ${resource}`);
  }
  t.is(await may(['--as=mallory@example.com'], 'get', 'pods'), 'no');
});
