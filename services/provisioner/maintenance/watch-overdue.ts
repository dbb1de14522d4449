import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, OperationPhase } from '../../shared/db/tables.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../metrics.ts';
import { phaseLimitsMs, queuedLimitMs } from '../phase-limits.ts';
import { isWorkedOn } from './open-work.ts';

export interface WatchdogOptions {
  db: Kysely<Database>;
  metrics: Pick<Metrics, 'overdueOperations' | 'overdueJobs'>;
  log: Log;
  /** Of a phase that has no limit of its own: the whole operation's. */
  operationLimitMs: number;
}

export interface Watchdog {
  /** One look at everything that runs or waits. */
  look(): Promise<void>;
}

/** Beyond a phase's limit: its worker has to end the engine, write the outcome, and may be a little behind with the phases it writes. */
const slackMs = 30_000;

/**
 * Finds what takes longer than it may: workers enforce the limits of their own operations, so what outlasts one hangs in a way that nobody
 * foresaw. Each is marked and logged once, and counted while it lasts.
 */
export function createWatchdog({ db, metrics, log, operationLimitMs }: WatchdogOptions): Watchdog {
  let knownJobs = new Set<string>();
  return {
    async look() {
      const overdue = (await readRunning(db)).filter((operation) => isOverdue(operation, operationLimitMs));
      for (const { id, appId, kind, worker, phase } of overdue) {
        if (await markOverdue(db, id))
          log.warn({ operationId: id, appId, kind, worker, phase }, 'An operation has outlasted the limit of its phase');
      }
      metrics.overdueOperations.reset();
      for (const { phase } of overdue) metrics.overdueOperations.inc({ phase });

      const jobs = await readWaiting(db);
      for (const { id, appId, kind, waitedMs } of jobs)
        if (!knownJobs.has(id)) log.warn({ jobId: id, appId, kind, waitedMs }, 'A job waits for longer than it should');
      knownJobs = new Set(jobs.map(({ id }) => id));
      metrics.overdueJobs.set(jobs.length);
    },
  };
}

interface RunningRow {
  id: string;
  appId: string;
  kind: string;
  worker: string;
  phase: string;
  phases: OperationPhase[];
  startedAt: Date;
  now: Date;
}

/** One of each application at most, so as many as all workers have slots. */
function readRunning(db: Kysely<Database>): Promise<RunningRow[]> {
  return db
    .selectFrom('operations')
    .select(['id', 'application_id as appId', 'kind', 'worker', 'phase', 'phases', 'started_at as startedAt'])
    .select(sql<Date>`clock_timestamp()`.as('now'))
    .where('status', '=', 'running')
    .execute();
}

/** The phases' times are their worker's clock; the slack covers what clocks differ. */
function isOverdue({ phase, phases, startedAt, now }: RunningRow, operationLimitMs: number): boolean {
  const current = phases.at(-1);
  const since = current?.name === phase && current.endedAt === null ? new Date(current.startedAt) : startedAt;
  // Before its first heartbeat the row says 'queued', which its own limit is for jobs.
  const limitMs = phaseLimitsMs[phase === 'queued' ? 'starting' : phase] ?? operationLimitMs;
  const [phaseMs, wholeMs] = [now.getTime() - since.getTime(), now.getTime() - startedAt.getTime()];
  return phaseMs > limitMs + slackMs || wholeMs > operationLimitMs + slackMs + (phaseLimitsMs[phase] ?? 0);
}

/** @returns whether it was not marked before */
async function markOverdue(db: Kysely<Database>, id: string): Promise<boolean> {
  const marked = await db
    .updateTable('operations')
    .set({ overdue_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .where('overdue_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return marked !== undefined;
}

/** More are counted as these many: the alarm is the same. */
const listLimit = 1_000;

function readWaiting(db: Kysely<Database>) {
  const waitedMs = sql<number>`(extract(epoch from now() - run_after) * 1000)::float8`;
  return (
    db
      .selectFrom('jobs as j')
      .select(['j.id', 'j.application_id as appId', 'j.kind', waitedMs.as('waitedMs')])
      .where('j.status', '=', 'queued')
      .where(waitedMs, '>', queuedLimitMs)
      // One whose application is worked on waits for that.
      .where(sql<boolean>`not ${isWorkedOn('j.application_id')}`)
      .limit(listLimit)
      .execute()
  );
}
