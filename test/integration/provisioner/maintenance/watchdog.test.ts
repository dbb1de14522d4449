import test from 'ava';
import { createMetrics } from '../../../../services/provisioner/metrics.ts';
import { createWatchdog } from '../../../../services/provisioner/maintenance/watch-overdue.ts';
import { createLog } from '../../../../services/shared/log.ts';
import { insertApplication, insertOperation } from '../../../support/insert-application.ts';
import { createTestDatabase } from '../../../support/test-database.ts';
import type { TestDatabase } from '../../../support/test-database.ts';

let database: TestDatabase;
test.before(async () => {
  database = await createTestDatabase();
});
test.after.always(() => database?.drop());

const minutes = (count: number): Date => new Date(Date.now() - count * 60_000);
const operationLimitMs = 600_000;

function open() {
  const lines: { msg: string; operationId?: string; jobId?: string }[] = [];
  const log = createLog(
    { name: 'test', level: 'warn' },
    { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  );
  const metrics = createMetrics();
  const watchdog = createWatchdog({ db: database.db, metrics, log, operationLimitMs });
  const reading = async (name: string) => (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  return { watchdog, lines, reading };
}

const phase = (name: string, startedAt: Date) => ({
  phase: name,
  phases: JSON.stringify([{ name, startedAt: startedAt.toISOString(), endedAt: null }]),
});
const overdueAt = (id: string) =>
  database.db
    .selectFrom('operations')
    .select('overdue_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
    .then((row) => row.overdue_at);

test.serial('an operation whose phase outlasts its limit is marked, counted, and logged once', async (t) => {
  const running = async (columns: Parameters<typeof insertOperation>[2]): Promise<string> =>
    insertOperation(database.db, await insertApplication(database.db), columns);
  const stuck = await running({ started_at: minutes(4), ...phase('opening', minutes(3)) });
  const fine = await running({ started_at: minutes(4), ...phase('opening', minutes(1)) });
  const applying = await running({ started_at: minutes(9), ...phase('applying', minutes(9)) });
  const silent = await running({ started_at: minutes(3), phase: 'queued' });
  const endless = await running({ started_at: minutes(12), ...phase('applying', minutes(5)) });
  const over = await running({ started_at: minutes(30), ...phase('opening', minutes(30)), status: 'failed' });

  const { watchdog, lines, reading } = open();
  await watchdog.look();
  await watchdog.look();
  for (const id of [stuck, silent, endless]) t.truthy(await overdueAt(id));
  for (const id of [fine, applying, over]) t.is(await overdueAt(id), null);
  t.deepEqual(lines.map(({ operationId }) => operationId).toSorted(), [stuck, silent, endless].toSorted());
  t.deepEqual((await reading('authsome_operations_overdue')).map(({ labels, value }) => [labels.phase, value]).toSorted(), [
    ['applying', 1],
    ['opening', 1],
    ['queued', 1],
  ]);

  await database.db.updateTable('operations').set({ status: 'succeeded' }).where('status', '=', 'running').execute();
  await watchdog.look();
  t.deepEqual(await reading('authsome_operations_overdue'), []);
});

test.serial('a job that nobody takes is counted and logged once; one in its backoff, or behind another, is not', async (t) => {
  const { db } = database;
  const waiting = await insertApplication(db, { job: { status: 'queued', run_after: minutes(2) } });
  await insertApplication(db, { job: { status: 'queued', run_after: new Date(Date.now() + 60_000) } });
  const behind = await insertApplication(db, { job: { status: 'queued', run_after: minutes(2) } });
  await insertOperation(db, behind, { started_at: new Date() });
  const { watchdog, lines, reading } = open();
  await watchdog.look();
  await watchdog.look();
  t.is((await reading('authsome_jobs_queued_overdue'))[0]?.value, 1);
  t.deepEqual(
    lines.map(({ jobId }) => jobId),
    [waiting.jobId],
  );
});
