import test from 'ava';
import { rmSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import { jobStream } from '../../../services/shared/jobs/job.ts';
import { routeKey } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import { freePort } from '../../support/free-port.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import { takeJob } from '../../support/read-queue.ts';
import { startRedis } from '../../support/start-redis.ts';
import { waitFor } from '../../support/wait-for.ts';
import { redisClient } from '../../support/redis-client.ts';
import { natsClient } from '../../support/nats-client.ts';

test('with NATS away an application is still accepted, and its job is published once NATS is back', async (t) => {
  const api = await startControlApi();
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  const workspaceId = await createWorkspace(owner);

  await api.nats.stop();
  const { status, body } = await createApplication(owner, workspaceId);
  t.is(status, 202);
  const job = await api.db.selectFrom('jobs').selectAll().executeTakeFirstOrThrow();
  t.is(job.published_at, null);

  await api.nats.start();
  t.deepEqual(await takeJob(api.nats.url), { jobId: job.id, appId: body.id, generation: 1 });
});

test('a NATS that comes back empty gets its stream and the next jobs', async (t) => {
  const api = await startControlApi();
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  const workspaceId = await createWorkspace(owner);
  await createApplication(owner, workspaceId, { slug: 'first' });
  t.truthy(await takeJob(api.nats.url));

  await api.nats.stop();
  await api.nats.start({ empty: true });
  const { body } = await createApplication(owner, workspaceId, { slug: 'second' });
  t.is((await takeJob(api.nats.url))?.appId, body.id);
});

test('each job is in the queue once, with several relays on one database', async (t) => {
  const api = await startControlApi({ jobRelays: 4 });
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  const workspaces = await Promise.all(Array.from({ length: 10 }, () => createWorkspace(owner)));
  const created = await Promise.all(workspaces.map((workspaceId) => createApplication(owner, workspaceId)));
  await waitFor('all jobs to be published', async () => {
    const { open } = await api.db
      .selectFrom('jobs')
      .where('published_at', 'is', null)
      .select((eb) => eb.fn.countAll<number>().as('open'))
      .executeTakeFirstOrThrow();
    return open === 0;
  });

  const nc = await natsClient({ servers: api.nats.url });
  t.teardown(() => nc.close());
  const manager = await jetstreamManager(nc);
  const { state } = await manager.streams.info(jobStream.stream);
  t.is(state.messages, created.length);
  const taken = new Set<string>();
  for (let i = 0; i < created.length; i += 1) taken.add((await takeJob(api.nats.url))?.appId ?? '');
  t.deepEqual([...taken].sort(), created.map(({ body }) => body.id).sort());
});

test('a route that could not be published is published once Redis is back', async (t) => {
  const directory = makeServerDirectory();
  const port = await freePort();
  const api = await startControlApi({ redisUrl: `redis://127.0.0.1:${port}` });
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  const { status, body } = await createApplication(owner, await createWorkspace(owner));
  t.is(status, 202);
  t.like(await api.db.selectFrom('applications').selectAll().executeTakeFirstOrThrow(), { revision: 1, published_revision: 0 });

  const server = await startRedis(directory, port);
  t.teardown(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await waitFor('the route to be noted as published', async () => {
    const row = await api.db.selectFrom('applications').where('id', '=', body.id).selectAll().executeTakeFirstOrThrow();
    return row.published_revision === 1;
  });
  t.is(await readRoute(port, body.id), 1);
});

async function readRoute(port: number, appId: string): Promise<number | undefined> {
  const redis = redisClient(`redis://127.0.0.1:${port}`);
  const stored = await redis.get(routeKey(appId));
  await redis.quit();
  return stored === null ? undefined : (JSON.parse(stored) as { revision: number }).revision;
}

test('a route that an older version published is published again, with what this one knows', async (t) => {
  const api = await startControlApi();
  t.teardown(() => api.close());
  const owner = await signUpOwner(api.url);
  const origins = ['https://shop.example'];
  const { body } = await createApplication(owner, await createWorkspace(owner), { config: { allowedOrigins: origins } });
  const read = async () => JSON.parse((await api.redis.get(routeKey(body.id))) ?? '{}') as { allowedOrigins?: string[]; revision?: number };
  const { allowedOrigins, ...old } = await read();
  t.deepEqual(allowedOrigins, origins);
  await api.redis.set(routeKey(body.id), JSON.stringify(old));
  await api.db.updateTable('applications').set({ published_format: 0 }).execute();
  await waitFor('the route to be published again', async () => (await read()).allowedOrigins !== undefined);
  t.deepEqual(await read(), { ...old, allowedOrigins });
  const { published_format } = await api.db.selectFrom('applications').select('published_format').executeTakeFirstOrThrow();
  t.is(published_format, 1);
});
