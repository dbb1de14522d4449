import { databaseUrl } from '../../../services/backup/postgres/server.ts';
import { contentOf } from './platform-databases.ts';
import type { PlatformDatabases } from './platform-databases.ts';

/** What must be the same before a backup and after its restore, database by database; what a restore has to change is left out. */
export async function platformContent({ superuser }: PlatformDatabases, tenants: readonly string[]) {
  const { backup_runs: _runs, jobs: _jobs, applications, ...control } = await contentOf(databaseUrl(superuser.control, 'authsome_control'));
  const { pulumi_state: state = [] } = await contentOf(databaseUrl(superuser.control, 'authsome_state'));
  const databases: Record<string, Awaited<ReturnType<typeof contentOf>>> = {};
  for (const id of tenants) databases[id] = await contentOf(databaseUrl(superuser.tenants, `authsome_${id}`));
  return { control, applications: (applications ?? []).length, state: state.filter((row) => !row.includes('locks')), databases };
}
