import { rmSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import test from 'ava';
import { jobStream } from '../../../services/shared/jobs/job.ts';
import { routeKey, routeSchema } from '../../../services/shared/routes/route.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startRedis } from '../../support/start-redis.ts';
import { createWorld, waitFor } from './world.ts';
import type { World } from './world.ts';
import { redisClient } from '../../support/redis-client.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

const succeeded = (jobId: string) =>
  waitFor(
    () => world.job(jobId),
    ({ status }) => status === 'succeeded',
    `the success of ${jobId}`,
    60_000,
  );

test.serial('NATS losing all its data in mid-run loses no job', async (t) => {
  const worker = await world.startWorker({ CONCURRENCY: '1' });
  const running = await world.insertApplication({ script: ['hold'] });
  await world.announce(running.jobId);
  await waitFor(
    () => world.calls(running.appId),
    (calls) => calls.length === 1,
    'the child',
  );
  const waiting = await world.insertApplication();
  await world.announce(waiting.jobId);

  await world.natsServer.stop();
  await world.natsServer.start({ empty: true });
  await world.release(running.appId);
  await succeeded(running.jobId);
  await succeeded(waiting.jobId);
  for (const { appId } of [running, waiting]) {
    t.is((await world.calls(appId)).length, 1);
    t.is((await world.operations(appId)).length, 1);
  }
  worker.kill('SIGKILL');
  await worker.exited;
});

test.serial('a job is finished while NATS is away, and work goes on when it is back', async (t) => {
  const worker = await world.startWorker();
  const running = await world.insertApplication({ script: ['hold'] });
  await world.announce(running.jobId);
  await waitFor(
    () => world.calls(running.appId),
    (calls) => calls.length === 1,
    'the child',
  );
  await world.natsServer.stop();
  await world.release(running.appId);
  await succeeded(running.jobId);
  t.is(await fetch(`${worker.url}/ready`).then((response) => response.status), 503);
  await world.natsServer.start();
  const next = await world.insertApplication();
  await succeeded(next.jobId);
  t.is((await world.operations(running.appId)).length, 1);
  worker.kill('SIGKILL');
  await worker.exited;
});

test.serial('a deleted consumer, or stream, is made again', async (t) => {
  const worker = await world.startWorker();
  const manager = await jetstreamManager(world.nats);
  for (const remove of [
    () => manager.consumers.delete(jobStream.stream, jobStream.consumer),
    () => manager.streams.delete(jobStream.stream),
  ]) {
    await remove();
    const { jobId } = await world.insertApplication();
    await succeeded(jobId);
  }
  t.is((await manager.consumers.info(jobStream.stream, jobStream.consumer)).name, jobStream.consumer);
  worker.kill('SIGKILL');
  await worker.exited;
});

test.serial('a route that Redis could not take is published when Redis is back', async (t) => {
  const directory = makeServerDirectory();
  let redis = await startRedis(directory);
  t.teardown(async () => {
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const worker = await world.startWorker({ REDIS_URL: redis.url });
  const { appId, jobId } = await world.insertApplication({ script: ['hold'] });
  await world.announce(jobId);
  await world.started(appId, 1);
  await redis.stop();
  await world.release(appId);
  await succeeded(jobId);
  redis = await startRedis(directory, redis.port);

  const client = redisClient(redis.url);
  t.teardown(() => client.disconnect());
  const stored = await waitFor(
    () => client.get(routeKey(appId)),
    (route) => route !== null,
    'the route',
  );
  t.is(routeSchema.parse(JSON.parse(stored ?? '')).status, 'active');
  t.is((await world.operations(appId)).length, 1);
  worker.kill('SIGKILL');
  await worker.exited;
});

test.serial('a cluster that is away is waited for, and costs an operation none of its attempts', async (t) => {
  const worker = await world.startWorker();
  world.cluster.refuse(true);
  const { appId, jobId } = await world.insertApplication();
  await waitFor(
    () => world.operations(appId),
    (operations) => operations.at(-1)?.phase === 'awaiting-cluster',
    'the wait',
  );
  t.is((await world.calls(appId)).length, 0);
  world.cluster.refuse(false);
  await succeeded(jobId);
  t.is((await world.operations(appId)).length, 1);
  worker.kill('SIGKILL');
  await worker.exited;
});
