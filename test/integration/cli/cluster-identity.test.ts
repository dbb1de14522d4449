import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
  ClusterUnreachableError,
  readClusterIdentity,
  refuseOtherCluster,
  WrongClusterError,
} from '../../../cli/platform/cluster-identity.ts';
import { missingObjects } from '../../../cli/platform/missing-objects.ts';
import { startApiServer } from '../../support/start-api-server.ts';
import type { ApiServer } from '../../support/start-api-server.ts';
import { waitFor } from '../../support/wait-for.ts';

const kubectl = process.env.KUBERNETES_BIN_DIR === undefined ? 'kubectl' : path.join(process.env.KUBERNETES_BIN_DIR, 'kubectl');
let directory: string;
let server: ApiServer;
test.before(async (t) => {
  t.timeout(120_000);
  directory = await mkdtemp(path.join(tmpdir(), 'authsome-identity-'));
  server = await startApiServer(directory);
  await waitFor('kube-system', async () => (await server.kubectl('get', 'namespace', 'kube-system').catch(() => undefined))?.stdout);
});
test.after.always(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

test('a cluster is known by the uid of its namespace kube-system', async (t) => {
  const { uid, server: address } = await readClusterIdentity({ kubectl, kubeconfig: server.kubeconfig });
  t.is(uid, (await server.kubectl('get', 'namespace', 'kube-system', '--output', 'jsonpath={.metadata.uid}')).stdout);
  t.regex(address, /^https:\/\/127\.0\.0\.1:\d+$/);
});

test('another cluster than the state’s is refused in a sentence that names both', (t) => {
  const context = { stack: 'local', kubeconfig: '/home/ada/.kube/config' };
  const [own, other] = [
    { uid: 'uid-1', server: 'https://10.77.0.1:16443' },
    { uid: 'uid-2', server: 'https://k8s.example.com' },
  ];
  t.notThrows(() => refuseOtherCluster(context, own, { ...own, server: 'https://another-name' }));
  t.notThrows(() => refuseOtherCluster(context, undefined, other));
  const error = t.throws(() => refuseOtherCluster(context, own, other), { instanceOf: WrongClusterError });
  t.regex(
    error.message,
    /stack "local" belongs to the cluster uid-1 \(https:\/\/10\.77\.0\.1:16443\), but \/home\/ada\/\.kube\/config points at uid-2 \(https:\/\/k8s\.example\.com\)\. Nothing was changed/,
  );
});

const unreachable = test.macro(async (t, kubeconfig: () => Promise<string>, expected: RegExp) => {
  const startedAt = performance.now();
  const error = await t.throwsAsync(readClusterIdentity({ kubectl, kubeconfig: await kubeconfig() }), {
    instanceOf: ClusterUnreachableError,
  });
  t.regex(error.message, expected);
  t.false(error.message.includes('\n'), error.message);
  t.true(performance.now() - startedAt < 12_000);
});

async function kubeconfigOf(name: string, address: string): Promise<string> {
  const file = path.join(directory, name);
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: address } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    users: [{ name: 'c', user: { token: 'nobody' } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

test(
  'a cluster that is down is told in a sentence',
  unreachable,
  () => kubeconfigOf('down', 'https://127.0.0.1:9'),
  /at https:\/\/127\.0\.0\.1:9 .*refuses connections/,
);
test(
  'one that hangs too, within seconds',
  unreachable,
  async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    silent.unref();
    return kubeconfigOf('silent', `https://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  },
  /does not answer/,
);
test(
  'one of another authority too',
  unreachable,
  async () => kubeconfigOf('foreign', (await readClusterIdentity({ kubectl, kubeconfig: server.kubeconfig })).server),
  /certificates do not belong together/,
);
test('a kubeconfig that is not there is told', unreachable, () => Promise.resolve('/nowhere/kubeconfig'), /no such kubeconfig file/);

test('objects that are gone are found, one of a kind that is gone too', async (t) => {
  await server.kubectl('create', 'configmap', 'kept', '--namespace', 'default');
  const object = (kind: string, name: string, apiVersion = 'v1', namespace: string | undefined = 'default') => ({
    apiVersion,
    kind,
    namespace,
    name,
  });
  const gone = [
    object('ConfigMap', 'gone'),
    object('Deployment', 'proxy', 'apps/v1'),
    { ...object('Namespace', 'nowhere'), namespace: undefined },
  ];
  const there = [object('ConfigMap', 'kept'), { ...object('Namespace', 'default'), namespace: undefined }];
  const access = { kubectl, kubeconfig: server.kubeconfig };
  t.deepEqual(await missingObjects(access, [...there, ...gone]), gone);
  t.deepEqual(await missingObjects(access, there), []);
  const unknown = object('Certificate', 'tls', 'cert-manager.io/v1');
  t.deepEqual(await missingObjects(access, [...there, unknown]), [unknown]);
});
