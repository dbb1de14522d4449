import test from 'ava';
import { during, endPostgresConnections, endRedisConnections } from '../../support/end-connections.ts';
import { databaseUrl } from '../../support/test-database.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world?.close());

test.serial(
  'connections that PostgreSQL, Redis or NATS ends, idle or busy, never end the worker, and its operations succeed',
  async (t) => {
    const worker = await world.startWorker({ RECONCILE_INTERVAL_MS: '50', WATCHDOG_INTERVAL_MS: '1000', SWEEP_POLL_MS: '100' });
    const endAll = async (): Promise<void> => {
      await endPostgresConnections(world.stateUrl);
      await endPostgresConnections(databaseUrl('postgres'), world.tenantsServer.settings.adminUser);
      await endRedisConnections(world.redisUrl);
    };
    const jobs = await Promise.all(Array.from({ length: 6 }, () => world.insertApplication()));
    for (const { jobId } of jobs) await world.announce(jobId);
    // Every quarter of a second: something has to get done in between.
    await during(world.started(jobs[0]?.appId ?? '', 1), endAll, 250);
    await world.natsServer.stop();
    await endAll();
    await world.natsServer.start();
    for (const { jobId } of jobs) t.is((await world.finished(jobId)).status, 'succeeded');

    worker.kill('SIGTERM');
    t.is(await worker.exited, 0);
    t.deepEqual(
      worker.lines.filter((line) => /Uncaught exception|Unhandled rejection/.test(line)),
      [],
    );
  },
);
