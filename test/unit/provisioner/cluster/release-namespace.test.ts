import test from 'ava';
import type { ExecutionContext } from 'ava';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { releaseNamespace } from '../../../../services/provisioner/cluster/release-namespace.ts';
import { deleteNamespace, readNamespace } from '../../../../services/provisioner/cluster/tenant-namespaces.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';
import { tenantNamespace } from '../../../support/tenant-objects.ts';

const appId = 'app_abcdef';
const namespace = 'authsome-app-abcdef';
const patienceMs = 30_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

async function open(t: ExecutionContext) {
  const fake = await startFakeCluster();
  t.teardown(() => fake.close());
  return { fake, cluster: connectCluster(fake.kubeconfig) };
}

test('what has finalizers and should have ended long ago is let go, and the namespace ends', async (t) => {
  const { fake, cluster } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: ago(60_000) }));
  fake.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  fake.put('deployments', { metadata: { name: 'api', namespace, finalizers: ['foregroundDeletion'] } });
  const before = await readNamespace(cluster, namespace);
  t.is(before?.remaining.length, 2);
  t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), [
    'Deployment api (foregroundDeletion)',
    'ConfigMap guarded (example.com/guard)',
  ]);
  t.is(await readNamespace(cluster, namespace), undefined);
});

test('a pod whose node is gone is taken off the books', async (t) => {
  const { fake, cluster } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: ago(60_000) }));
  fake.put('pods', { metadata: { name: 'api-1', namespace, deletionTimestamp: ago(40_000) } });
  t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), ['Pod api-1']);
  t.is(await readNamespace(cluster, namespace), undefined);
});

test('finalizers of the namespace itself are somebody’s too', async (t) => {
  const { fake, cluster } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: ago(60_000), finalizers: ['example.com/guard'] }));
  t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), [`Namespace ${namespace}`]);
  t.is(await readNamespace(cluster, namespace), undefined);
});

test('within its patience, and outside of a deletion, nothing is touched', async (t) => {
  const { fake, cluster } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, {}));
  fake.put('configmaps', { metadata: { name: 'alive', namespace, finalizers: ['example.com/guard'] } });
  fake.put('secrets', { metadata: { name: 'ending', namespace, finalizers: ['example.com/guard'], deletionTimestamp: ago(10_000) } });
  fake.put('pods', { metadata: { name: 'api-1', namespace } });
  t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), []);
  t.deepEqual(fake.writes, []);
});

test('a namespace that another application, or nobody, says it has is never touched', async (t) => {
  const others: Record<string, string>[] = [{}, { 'authsome.cloud/app-id': 'app_someoneelse' }];
  for (const labels of others) {
    const { fake, cluster } = await open(t);
    fake.put('namespaces', { metadata: { name: namespace, labels, deletionTimestamp: ago(60_000) } });
    fake.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
    t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), []);
    t.deepEqual(fake.writes, []);
  }
});

test('a namespace that was made anew under the same name is not deleted', async (t) => {
  const { fake, cluster } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, {}));
  const seen = await readNamespace(cluster, namespace);
  fake.put('namespaces', tenantNamespace(appId, { uid: 'another' }));
  if (seen) await deleteNamespace(cluster, seen);
  t.is(fake.get('namespaces', namespace)?.metadata.deletionTimestamp, undefined);
});

test('a Secret that can’t be listed any more, as the right to do so ended with its binding, is let go by its name', async (t) => {
  const { fake, cluster } = await open(t);
  fake.guardSecrets();
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: ago(60_000) }));
  fake.put('secrets', { metadata: { name: 'instance', namespace, finalizers: ['example.com/guard'] } });
  t.deepEqual(await releaseNamespace(cluster, { appId, namespace, patienceMs }), ['Secret instance']);
  t.is(await readNamespace(cluster, namespace), undefined);
});
