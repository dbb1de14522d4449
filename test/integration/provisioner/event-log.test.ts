import test from 'ava';
import { createEventLog } from '../../../services/provisioner/event-log.ts';
import { acquireLease } from '../../../services/provisioner/lease.ts';
import { createLog } from '../../../services/shared/log.ts';
import { insertApplication } from '../../support/insert-application.ts';
import { createTestDatabase } from '../../support/test-database.ts';

test('an operation keeps at most 2,000 events, however many steps its engine reports', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const { db } = database;
  const { jobId } = await insertApplication(db, { job: { status: 'queued' } });
  const answer = await acquireLease(db, { jobId, worker: 'test', ttlMs: 15_000, busyDelayMs: 500 });
  if (answer.type !== 'held') return t.fail(answer.type);
  const events = createEventLog({ db, lease: answer.lease, log: createLog({ name: 'test', level: 'silent' }) });
  for (let i = 0; i < 2_100; i += 1) events.add({ change: 'created', resourceType: 'a:b:C', resourceName: `${i}`, status: 'done' });
  await events.close();
  const { count } = await db
    .selectFrom('operation_events')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  t.is(count, 2_000);
});
