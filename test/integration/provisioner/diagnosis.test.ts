import test from 'ava';
import { tenantNamespace } from '../../support/tenant-objects.ts';
import { createWorld, waitFor } from './world.ts';
import type { World } from './world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
  await world.startWorker();
});
test.after.always(() => world?.close());

/** An application whose pods the cluster shows as they are while its operation fails. */
async function failedWith(containerStatus: object): Promise<string> {
  const { appId, jobId } = await world.insertApplication({ script: ['hold', 'fail'] });
  await waitFor(
    () => world.calls(appId),
    (calls) => calls.length === 1,
    'the child',
  );
  const { name: namespace } = tenantNamespace(appId).metadata;
  world.cluster.put('namespaces', tenantNamespace(appId));
  world.cluster.put('pods', {
    metadata: { name: 'api-1', namespace },
    status: { containerStatuses: [{ name: 'instance', image: 'instance:gone', restartCount: 3, ...containerStatus }] },
  });
  await world.release(appId);
  await waitFor(
    () => world.job(jobId),
    ({ status }) => status === 'succeeded',
    'the end of the first',
  );
  const next = await world.command(appId, { kind: 'update' });
  await waitFor(
    () => world.job(next),
    ({ status }) => status === 'dead',
    'the failure',
  );
  return appId;
}

test('an image that will never be there is named, and not tried again', async (t) => {
  const appId = await failedWith({ state: { waiting: { reason: 'ErrImageNeverPull' } } });
  const { failure } = await world.application(appId);
  t.like(failure, { code: 'image_missing', message: "The image instance:gone can't be had (ErrImageNeverPull)." });
  t.is((await world.calls(appId)).length, 2);
});

test('an instance that crashes is tried as often as any failure, and each attempt tells its exit code', async (t) => {
  const appId = await failedWith({
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'secret-of-the-log' } },
    lastState: { terminated: { exitCode: 78, reason: 'Error', message: 'secret-of-the-log' } },
  });
  const { failure } = await world.application(appId);
  t.like(failure, {
    code: 'instance_crashing',
    message: 'Container instance of pod api-1 ends again and again with exit code 78 (Error); restarts: 3.',
  });
  const errors = (await world.operations(appId)).map(({ error }) => error).filter((error) => error !== null);
  t.is(errors.length, 4);
  t.true(errors.every(({ code, remedy }) => code === 'instance_crashing' && remedy !== undefined));
  t.false(JSON.stringify(errors).includes('secret-of-the-log'));
});
