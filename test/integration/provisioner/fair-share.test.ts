import test from 'ava';
import { sql } from 'kysely';
import { lockUnpublishedJobs } from '../../../services/control-api/stores/job-store.ts';
import { acquireLease } from '../../../services/provisioner/lease.ts';
import type { LeaseAnswer } from '../../../services/provisioner/lease.ts';
import { newId } from '../../../services/shared/ids.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import type { TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
test.beforeEach(async () => {
  database = await createTestDatabase();
});
test.afterEach.always(() => database.drop());

/** A workspace with so many applications, each with a queued job. @returns the jobs' ids */
async function insertWorkspace(applications: number): Promise<string[]> {
  const { db } = database;
  const workspaceId = newId('ws');
  await db.insertInto('workspaces').values({ id: workspaceId, name: 'Test', plan: 'enterprise' }).execute();
  const ids = Array.from({ length: applications }, () => newId('app'));
  const common = { name: 'Test', environment: 'production' as const, region: 'us-east-1', config: '{}' };
  await db
    .insertInto('applications')
    .values(ids.map((id) => ({ id, workspace_id: workspaceId, slug: id.replace('_', '-'), ...common })))
    .execute();
  const jobs = ids.map((appId) => ({ id: newId('job'), application_id: appId, kind: 'restart' as const, generation: 1 }));
  await db.insertInto('jobs').values(jobs).execute();
  return jobs.map(({ id }) => id);
}

const acquire = (jobId = ''): Promise<LeaseAnswer> => acquireLease(database.db, { jobId, worker: 'test', ttlMs: 15_000, busyDelayMs: 500 });
const typeOf = (answer: LeaseAnswer): string => (answer.type === 'later' ? answer.reason : answer.type);

async function finish(jobId = ''): Promise<void> {
  await database.db.updateTable('operations').set({ status: 'succeeded' }).where('job_id', '=', jobId).execute();
  await database.db.updateTable('jobs').set({ status: 'succeeded' }).where('id', '=', jobId).execute();
}

test.serial('50 restarts of one workspace let the job of another one have the next worker that is free', async (t) => {
  const many = await insertWorkspace(50);
  for (const jobId of many.slice(0, 4)) t.is(typeOf(await acquire(jobId)), 'held', 'alone, a workspace may have every worker');
  const [other] = await insertWorkspace(1);

  await finish(many[0]);
  for (const jobId of many.slice(4, 14)) t.is(typeOf(await acquire(jobId)), 'share');
  t.is(typeOf(await acquire(other)), 'held');
  t.is(typeOf(await acquire(many[4])), 'held', 'nobody else waits');
});

test.serial('two busy workspaces share the workers', async (t) => {
  const [first, second] = [await insertWorkspace(10), await insertWorkspace(10)];
  const held = [0, 0];
  // Six workers; the first workspace's jobs are all before the second's in the queue, and come again after each refusal.
  const queue = [...first.map((id) => ({ id, of: 0 })), ...second.map((id) => ({ id, of: 1 }))];
  for (let round = 0; round < 100 && held[0]! + held[1]! < 6; round += 1) {
    const next = queue.shift();
    if (next === undefined) break;
    if ((await acquire(next.id)).type === 'held') held[next.of]! += 1;
    else queue.push(next);
  }
  t.deepEqual(held, [3, 3]);
});

test.serial('a job waits for no workspace whose jobs nobody can take, and for no dead worker', async (t) => {
  const many = await insertWorkspace(3);
  const [stuck] = await insertWorkspace(1);
  t.is(typeOf(await acquire(many[0])), 'held');
  t.is(typeOf(await acquire(many[1])), 'share');
  const longAgo = sql<Date>`now() - interval '10 minutes'`;
  await database.db.updateTable('jobs').set({ run_after: longAgo, published_at: longAgo }).where('id', '=', stuck!).execute();
  t.is(typeOf(await acquire(many[1])), 'held');

  await insertWorkspace(1);
  t.is(typeOf(await acquire(many[2])), 'share');
  await database.db.updateTable('operations').set({ heartbeat_at: longAgo }).execute();
  t.is(typeOf(await acquire(many[2])), 'held');
});

test.serial('jobs are announced in turns of their workspaces, and none twice by relays at once', async (t) => {
  const many = await insertWorkspace(30);
  await database.db
    .updateTable('jobs')
    .set({ run_after: sql<Date>`now() - interval '1 minute'` })
    .execute();
  const others = [...(await insertWorkspace(1)), ...(await insertWorkspace(2))];
  await database.db.transaction().execute(async (tx) => {
    const first = (await lockUnpublishedJobs(tx, 5)).map(({ jobId }) => jobId);
    t.deepEqual(
      others.filter((id) => !first.includes(id)),
      [],
    );
    t.is(first.filter((id) => many.includes(id)).length, 2);
    await database.db.transaction().execute(async (second) => {
      const rest = (await lockUnpublishedJobs(second, 50)).map(({ jobId }) => jobId);
      t.is(new Set([...first, ...rest]).size, 33);
    });
  });
});
