import type pg from 'pg';

/** What a restore has done, in the control server's database `postgres`, which it does not replace: one that was killed goes on from there. */
export interface RestoreProgress {
  has(item: string): boolean;
  /** @param client whose transaction it is to be a part of */
  note(item: string, client?: pg.Client): Promise<void>;
}

/** Item of a restore that the platform has been taken into service after. */
const finished = 'finished';

const table = `
create table if not exists public.authsome_restore (
  run_id text not null, item text not null, done_at timestamptz not null default now(), primary key (run_id, item)
)`;

/** Opens the progress of a run's restore. One that was finished, or of another run, is forgotten: a restore then begins from nothing. */
export async function openProgress(admin: pg.Client, runId: string): Promise<RestoreProgress> {
  await admin.query(table);
  await admin.query('delete from public.authsome_restore where run_id <> $1', [runId]);
  await admin.query(
    'delete from public.authsome_restore where run_id = $1 and exists (select 1 from public.authsome_restore where item = $2)',
    [runId, finished],
  );
  return readProgress(admin, runId);
}

/** The same without a change: for who only asks. */
export async function readProgress(admin: pg.Client, runId: string): Promise<RestoreProgress> {
  const known = await admin.query(`select 1 from pg_tables where tablename = 'authsome_restore' and schemaname = 'public'`);
  const { rows } =
    known.rowCount === 0
      ? { rows: [] }
      : await admin.query<{ item: string }>('select item from public.authsome_restore where run_id = $1', [runId]);
  const items = new Set(rows.map(({ item }) => item));
  return {
    has: (item) => !items.has(finished) && items.has(item),
    async note(item, client = admin) {
      await client.query('insert into public.authsome_restore (run_id, item) values ($1, $2) on conflict do nothing', [runId, item]);
      items.add(item);
    },
  };
}

export function noteFinished(progress: RestoreProgress): Promise<void> {
  return progress.note(finished);
}
