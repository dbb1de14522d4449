import test from 'ava';
import { sql } from 'kysely';
import { acquireLease } from '../../../services/provisioner/lease.ts';
import { newId } from '../../../services/shared/ids.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { waitFor } from '../../support/wait-for.ts';

let database: TestDatabase;
test.before(async () => {
  database = await createTestDatabase();
});
test.after.always(() => database.drop());

test('a lease that waited for a change of the plan is one of the new plan', async (t) => {
  const { db } = database;
  const [workspaceId, appId, jobId] = [newId('ws'), newId('app'), newId('job')];
  await db.insertInto('workspaces').values({ id: workspaceId, name: 'Test' }).execute();
  const names = { name: 'Test', slug: 'test', environment: 'production' as const, region: 'us-east-1', config: '{}' };
  await db
    .insertInto('applications')
    .values({ id: appId, workspace_id: workspaceId, database_tier: 'dedicated', ...names })
    .execute();
  await db.insertInto('jobs').values({ id: jobId, application_id: appId, kind: 'update', generation: 2 }).execute();

  const answer = await db.transaction().execute(async (tx) => {
    await tx.updateTable('workspaces').set({ plan: 'pro' }).where('id', '=', workspaceId).execute();
    await tx.updateTable('applications').set({ generation: 2 }).where('id', '=', appId).execute();
    const lease = acquireLease(db, { jobId, worker: 'test', ttlMs: 15_000, busyDelayMs: 500 });
    await waitFor('the lease to wait for the row', async () => {
      const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return (await waiting.execute(db)).rows.length > 0;
    });
    return { lease };
  });
  const lease = await answer.lease;
  t.is(lease.type, 'held');
  if (lease.type !== 'held') return;
  t.is(lease.lease.generation, 2);
  t.like(lease.lease.source, { plan: 'pro', databaseTier: 'dedicated' });
});
