import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../services/shared/db/tables.ts';

/** Every row of every table, as text: for what must be in none of them. */
export async function dumpDatabase(db: Kysely<Database>): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(db);
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db);
      return `${name}\n${rows.map(({ row }) => row).join('\n')}`;
    }),
  );
  return dumps.join('\n');
}
