import test from 'ava';
import type { ExecutionContext } from 'ava';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { explainFailure } from '../../../../services/provisioner/diagnosis/explain-failure.ts';
import { OperationError } from '../../../../services/provisioner/operation-error.ts';
import { createLog } from '../../../../services/shared/log.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';
import { tenantNamespace } from '../../../support/tenant-objects.ts';

const appId = 'app_abcdef';
const namespace = 'authsome-app-abcdef';
const log = createLog({ name: 'test', level: 'silent' });
const notReady = (code = 'pods_not_ready') => new OperationError({ code, message: 'not ready', retryable: true });

async function open(t: ExecutionContext) {
  const fake = await startFakeCluster();
  t.teardown(() => fake.close());
  fake.put('namespaces', tenantNamespace(appId));
  const failure = { cluster: connectCluster(fake.kubeconfig), appId, kind: 'up' as const, log };
  return { fake, failure };
}

function withoutImage(fake: Awaited<ReturnType<typeof open>>['fake']): void {
  const waiting = { reason: 'ErrImageNeverPull' };
  fake.put('pods', {
    metadata: { name: 'api-1', namespace },
    status: { containerStatuses: [{ name: 'instance', image: 'instance:2', restartCount: 0, state: { waiting } }] },
  });
}

test('pods that are not ready get the reason that is to be seen, and keep what the engine said as its cause', async (t) => {
  const { fake, failure } = await open(t);
  withoutImage(fake);
  const error = notReady();
  const explained = await explainFailure({ ...failure, error });
  t.like(explained, { code: 'image_missing', retryable: false, unclean: false, cause: error });
  t.regex(explained.remedy ?? '', /image/);
});

test('an operation that ran out of time is still unclean when it is explained', async (t) => {
  const { fake, failure } = await open(t);
  withoutImage(fake);
  const error = new OperationError({ code: 'timeout', message: 'too long', retryable: true, unclean: true });
  t.like(await explainFailure({ ...failure, error }), { code: 'image_missing', unclean: true });
});

test('a namespace that does not end is the reason of a destruction that failed, with what keeps it', async (t) => {
  const { fake, failure } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString() }));
  fake.put('configmaps', { metadata: { name: 'guarded', namespace, finalizers: ['example.com/guard'] } });
  const { code, message } = await explainFailure({ ...failure, kind: 'destroy', error: notReady() });
  t.is(code, 'namespace_terminating');
  t.regex(message, /example\.com\/guard/);
});

test('a clear error stays as it is, and nothing is asked', async (t) => {
  const { fake, failure } = await open(t);
  fake.hang(true);
  const error = notReady('forbidden');
  t.is(await explainFailure({ ...failure, error }), error);
});

test('a cluster that does not answer, or refuses, costs no more than the limit', async (t) => {
  const { fake, failure } = await open(t);
  const error = notReady();
  fake.refuse(true);
  t.is(await explainFailure({ ...failure, error }), error);
  fake.refuse(false);
  fake.hang(true);
  const startedAt = performance.now();
  t.is(await explainFailure({ ...failure, error, limitMs: 100 }), error);
  t.true(performance.now() - startedAt < 5_000);
});

test('an application without a namespace, or whose pods are only slow, keeps its error', async (t) => {
  const { fake, failure } = await open(t);
  const error = notReady();
  t.is(await explainFailure({ ...failure, error }), error);
  fake.remove('namespaces', namespace);
  t.is(await explainFailure({ ...failure, error }), error);
});
