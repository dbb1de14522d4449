import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Executor, SweepsTable } from '../../shared/db/tables.ts';
import { newId } from '../../shared/ids.ts';
import type { Page, Paged } from './page.ts';

export type SweepRow = Selectable<SweepsTable>;

/** A sweep takes minutes at most: one that is older has lost its worker, and is in nobody's way. */
const openMinutes = 60;

/** Makes it one request at a time that looks for an open sweep and then makes one. Held until the transaction ends. */
export async function lockSweeps(tx: Executor): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('control-api.sweeps', 0))`.execute(tx);
}

export function findOpenSweep(db: Executor): Promise<SweepRow | undefined> {
  return db
    .selectFrom('sweeps')
    .where('status', 'in', ['queued', 'running'])
    .where('created_at', '>', sql<Date>`now() - ${openMinutes} * interval '1 minute'`)
    .orderBy('created_at', 'desc')
    .limit(1)
    .selectAll()
    .executeTakeFirst();
}

/** Asks for a sweep: the provisioner's leader takes it. */
export function insertSweep(tx: Executor, { repair }: { repair: boolean }): Promise<SweepRow> {
  return tx
    .insertInto('sweeps')
    .values({ id: newId('swp'), repair })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Newest first. */
export async function listSweeps(db: Executor, { limit, offset }: Page): Promise<Paged<SweepRow>> {
  const [rows, { total }] = await Promise.all([
    db.selectFrom('sweeps').selectAll().orderBy('created_at', 'desc').orderBy('id').limit(limit).offset(offset).execute(),
    db
      .selectFrom('sweeps')
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}

export function findSweep(db: Executor, id: string): Promise<SweepRow | undefined> {
  return db.selectFrom('sweeps').where('id', '=', id).selectAll().executeTakeFirst();
}
