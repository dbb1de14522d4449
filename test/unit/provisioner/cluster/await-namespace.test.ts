import test from 'ava';
import type { ExecutionContext } from 'ava';
import { awaitNamespace } from '../../../../services/provisioner/cluster/await-namespace.ts';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';
import { tenantNamespace } from '../../../support/tenant-objects.ts';

const appId = 'app_abcdef';
const namespace = 'authsome-app-abcdef';

async function open(t: ExecutionContext) {
  const fake = await startFakeCluster();
  t.teardown(() => fake.close());
  let waits = 0;
  const wait = { namespace, signal: new AbortController().signal, limitMs: 10_000, onWait: () => (waits += 1) };
  return { fake, cluster: connectCluster(fake.kubeconfig, 1_000), wait, waits: () => waits };
}

test('one that is not there, or lives, is not waited for', async (t) => {
  const { fake, cluster, wait, waits } = await open(t);
  t.false(await awaitNamespace(cluster, wait));
  fake.put('namespaces', tenantNamespace(appId));
  t.false(await awaitNamespace(cluster, wait));
  t.is(waits(), 0);
});

test('one that ends is waited for, and its end is told', async (t) => {
  const { fake, cluster, wait, waits } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString(), finalizers: ['example.com/guard'] }));
  const waiting = awaitNamespace(cluster, {
    ...wait,
    onWait: () => {
      wait.onWait();
      fake.remove('namespaces', namespace);
    },
  });
  t.true(await waiting);
  t.is(waits(), 1);
});

test('one that does not end in time is an error that names what keeps it', async (t) => {
  const { fake, cluster, wait } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString(), finalizers: ['example.com/guard'] }));
  const error = await t.throwsAsync(awaitNamespace(cluster, { ...wait, limitMs: 500 }));
  t.like(error, { code: 'namespace_terminating', retryable: true, unclean: true });
  t.regex(error?.message ?? '', /example\.com\/guard/);
});

test('a stop ends the wait at once', async (t) => {
  const { fake, cluster, wait } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString(), finalizers: ['example.com/guard'] }));
  const stop = new AbortController();
  await t.throwsAsync(awaitNamespace(cluster, { ...wait, signal: stop.signal, onWait: () => stop.abort('shutdown') }), {
    name: 'AbortError',
  });
});

test('a cluster that does not answer is left to the operation', async (t) => {
  const { fake, cluster, wait } = await open(t);
  fake.refuse(true);
  t.false(await awaitNamespace(cluster, wait));
});
