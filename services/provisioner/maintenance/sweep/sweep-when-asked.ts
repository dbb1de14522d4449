import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, SweepFinding } from '../../../shared/db/tables.ts';
import { newId } from '../../../shared/ids.ts';
import type { Log } from '../../../shared/log.ts';
import { describeError } from '../../describe-error.ts';
import type { ThingKind } from '../../inventory/inventory.ts';
import type { Metrics } from '../../metrics.ts';
import { runSweep } from './run-sweep.ts';
import type { SweepDependencies } from './run-sweep.ts';

export interface SweepOptions extends SweepDependencies {
  metrics: Pick<Metrics, 'sweepOrphans' | 'sweepMissing' | 'sweepSuccess'>;
  worker: string;
  log: Log;
  /** Between two sweeps that nobody has asked for. */
  intervalMs: number;
}

const kinds: readonly ThingKind[] = ['stack', 'namespace', 'volume', 'database', 'role', 'route'];

/** Puts back what the leader before has left unfinished. Call it as the leader only. */
export async function requeueSweeps(db: Kysely<Database>): Promise<void> {
  await db.updateTable('sweeps').set({ status: 'queued' }).where('status', '=', 'running').execute();
}

/**
 * Runs the oldest sweep that was asked for, or a reporting one where the last is too long ago.
 *
 * @returns whether there may be another
 */
export async function sweepWhenAsked(options: SweepOptions, signal: AbortSignal): Promise<boolean> {
  const { db, worker, log, intervalMs } = options;
  await askInTime(db, intervalMs);
  const sweep = await claim(db, worker);
  if (sweep === undefined) return false;
  try {
    const findings = await runSweep(options, sweep, signal);
    await finish(db, sweep.id, { status: 'finished', findings: JSON.stringify(findings), error: null });
    count(options.metrics, findings);
    log[findings.length > 0 ? 'warn' : 'info']({ sweepId: sweep.id, repair: sweep.repair, findings }, 'Sweep finished');
  } catch (err) {
    if (signal.aborted) {
      await finish(db, sweep.id, { status: 'queued' });
      return false;
    }
    log.warn({ err, sweepId: sweep.id }, 'Sweep failed');
    await finish(db, sweep.id, { status: 'failed', error: describeError(err) });
  }
  return true;
}

/** Counted from the last sweep of any kind: each tells the same. */
async function askInTime(db: Kysely<Database>, intervalMs: number): Promise<void> {
  await sql`
    insert into sweeps (id)
    select ${newId('swp')} where not exists (select 1 from sweeps where created_at > now() - ${intervalMs} * interval '1 millisecond')`.execute(
    db,
  );
}

function claim(db: Kysely<Database>, worker: string): Promise<{ id: string; repair: boolean } | undefined> {
  return db
    .updateTable('sweeps')
    .set({ status: 'running', worker, started_at: sql<Date>`now()` })
    .where('id', '=', (eb) =>
      eb.selectFrom('sweeps').select('id').where('status', '=', 'queued').orderBy('created_at').limit(1).forUpdate().skipLocked(),
    )
    .returning(['id', 'repair'])
    .executeTakeFirst();
}

/** Only while it is running: an operator may have taken it away, or another leader. */
async function finish(
  db: Kysely<Database>,
  id: string,
  outcome: { status: 'queued' } | { status: 'finished'; findings: string; error: null } | { status: 'failed'; error: string },
): Promise<void> {
  await db
    .updateTable('sweeps')
    .set({ ...outcome, finished_at: outcome.status === 'queued' ? null : sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .execute();
}

/** What a repair has done away with is no alarm any more. */
function count(metrics: SweepOptions['metrics'], findings: readonly SweepFinding[]): void {
  const open = findings.filter(({ outcome }) => outcome === null || outcome.startsWith('left'));
  for (const kind of kinds) {
    metrics.sweepOrphans.set({ kind }, open.filter((finding) => finding.kind === kind && finding.problem === 'orphan').length);
    metrics.sweepMissing.set({ kind }, open.filter((finding) => finding.kind === kind && finding.problem === 'missing').length);
  }
  metrics.sweepSuccess.setToCurrentTime();
}
