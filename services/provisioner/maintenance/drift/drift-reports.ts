import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, DriftChange } from '../../../shared/db/tables.ts';
import { sealedSpecSource, specSourceColumns } from '../../open-spec-source.ts';
import type { SealedSpecSource } from '../../open-spec-source.ts';
import { hasOpenJob } from '../open-work.ts';

export interface DueApplication {
  generation: number;
  /** The newest fencing token: a newer one afterwards means that an operation has begun. */
  lastOperation: number;
  source: SealedSpecSource;
}

export interface DriftFound {
  changes: DriftChange[];
  /** Why nothing could be found out. */
  error: string | null;
}

/** The active application that was not looked at for longest, if that is longer than the interval. */
export async function findDueApplication(db: Kysely<Database>, intervalMs: number): Promise<DueApplication | undefined> {
  const row = await db
    .selectFrom('applications as a')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .leftJoin('drift_reports as d', 'd.application_id', 'a.id')
    .where('a.status', '=', 'active')
    .where(sql<boolean>`a.observed_generation = a.generation`)
    .where((eb) => eb.or([eb('d.checked_at', 'is', null), eb('d.checked_at', '<', ago(intervalMs))]))
    .where(sql<boolean>`not ${hasOpenJob('a.id')}`)
    .select(specSourceColumns.map((column) => `a.${column}` as const))
    .select(['a.generation', 'w.plan'])
    .select(lastOperation('a.id').as('lastOperation'))
    .orderBy('d.checked_at', (order) => order.asc().nullsFirst())
    .orderBy('a.id')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    generation: row.generation,
    lastOperation: row.lastOperation,
    source: sealedSpecSource(row, row.plan),
  };
}

/**
 * Writes what was found, unless an operation has begun since the look did, or something else is wanted: then nobody knows which of both it saw.
 *
 * @returns whether it was written
 */
export async function storeReport(
  db: Kysely<Database>,
  { source: { id }, generation, lastOperation: token }: DueApplication,
  { changes, error }: DriftFound,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    insert into drift_reports (application_id, generation, changes, error, checked_at)
    select a.id, a.generation, ${JSON.stringify(changes)}::jsonb, ${error}::text, now() from applications a
    where a.id = ${id} and a.generation = ${generation} and a.status = 'active' and ${lastOperation('a.id')} = ${token}
    on conflict (application_id) do update
      set generation = excluded.generation, changes = excluded.changes, error = excluded.error, checked_at = excluded.checked_at`.execute(
    db,
  );
  return numAffectedRows > 0n;
}

/** Nobody asks about applications that are gone. */
export async function forgetDeleted(db: Kysely<Database>): Promise<void> {
  await db
    .deleteFrom('drift_reports')
    .where('application_id', 'in', (eb) => eb.selectFrom('applications').select('id').where('status', '=', 'deleted'))
    .execute();
}

/** Applications whose newest report is of what is wanted now, and shows changes. A repair is a new generation, and takes them out. */
export async function countDrifted(db: Kysely<Database>): Promise<number> {
  const { count } = await db
    .selectFrom('drift_reports as d')
    .innerJoin('applications as a', 'a.id', 'd.application_id')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .whereRef('d.generation', '=', 'a.generation')
    .where(sql<boolean>`jsonb_array_length(d.changes) > 0`)
    .executeTakeFirstOrThrow();
  return count;
}

const ago = (ms: number) => sql<Date>`now() - ${ms} * interval '1 millisecond'`;

const lastOperation = (applicationId: string) =>
  sql<number>`coalesce((select max(o.fencing_token) from operations o where o.application_id = ${sql.ref(applicationId)}), 0)`;
