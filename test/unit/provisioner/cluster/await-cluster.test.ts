import test from 'ava';
import type { ExecutionContext } from 'ava';
import { awaitCluster } from '../../../../services/provisioner/cluster/await-cluster.ts';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';

async function open(t: ExecutionContext) {
  const fake = await startFakeCluster();
  t.teardown(() => fake.close());
  let waits = 0;
  const wait = {
    namespace: 'authsome-app-abcdef',
    signal: new AbortController().signal,
    limitMs: 10_000,
    onWait: () => void (waits += 1),
  };
  return { fake, cluster: connectCluster(fake.kubeconfig, 1_000), wait, waits: () => waits };
}

test('one that answers is not waited for, whether it knows the namespace or not', async (t) => {
  const { cluster, wait, waits } = await open(t);
  t.false(await awaitCluster(cluster, wait));
  t.is(waits(), 0);
});

test('one that refuses is waited for until it answers', async (t) => {
  const { fake, cluster, wait, waits } = await open(t);
  fake.refuse(true);
  const onWait = (): void => {
    wait.onWait();
    fake.refuse(false);
  };
  t.true(await awaitCluster(cluster, { ...wait, onWait }));
  t.is(waits(), 1);
});

test('one that does not answer in time is an error that another attempt may not meet', async (t) => {
  const { fake, cluster, wait } = await open(t);
  fake.refuse(true);
  const error = await t.throwsAsync(awaitCluster(cluster, { ...wait, limitMs: 100 }));
  t.like(error, { code: 'cluster_unavailable', retryable: true, unclean: true });
});

test('a stop ends the wait at once', async (t) => {
  const { fake, cluster, wait } = await open(t);
  fake.refuse(true);
  const stop = new AbortController();
  await t.throwsAsync(awaitCluster(cluster, { ...wait, signal: stop.signal, onWait: () => stop.abort('shutdown') }), {
    name: 'AbortError',
  });
});
