import type pg from 'pg';
import type { Manifest } from '../manifest.ts';
import { describeFailures } from '../stores/backup-run-store.ts';

/**
 * Makes a control database that lay still go on: every route and every job that waits is to be announced again, as Redis and NATS know nothing
 * of them, and of the backups only the restored one is known to have ended.
 */
export async function adjustControl(client: pg.Client, manifest: Manifest): Promise<void> {
  await client.query('begin');
  await client.query(`update public.applications set published_revision = 0 where status <> 'deleted'`);
  await client.query(`update public.jobs set published_at = null where status = 'queued'`);
  // A backup of before there were such rows has no table of them.
  const { rows } = await client.query<{ known: boolean }>(`select to_regclass('public.backup_runs') is not null as known`);
  if (rows[0]?.known === true) {
    await client.query('update public.backup_runs set status = $2, error = $3, finished_at = $4 where id = $1', [
      ...[manifest.id, manifest.status, describeFailures(manifest), manifest.endedAt],
    ]);
    await client.query(
      `update public.backup_runs set status = 'failed', error = 'Its end is not known', finished_at = now() where status = 'running'`,
    );
  }
  await client.query('commit');
}

const stateTable = 'pulumi_state';

/** Takes away the locks of operations that were under way when the state was dumped: nobody holds them. */
export async function releaseLocks(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ known: boolean }>('select to_regclass($1) is not null as known', [`public.${stateTable}`]);
  if (rows[0]?.known === true) await client.query(`delete from public.${stateTable} where key like '%.pulumi/locks/%'`);
}
