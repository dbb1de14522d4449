import type { Insertable, Kysely } from 'kysely';
import type { Database } from '../../services/shared/db/tables.ts';
import { newId } from '../../services/shared/ids.ts';

export interface InsertedApplication {
  appId: string;
  jobId: string;
}

/** An application of a new workspace with a job that has ended, unless columns say otherwise. */
export async function insertApplication(
  db: Kysely<Database>,
  {
    application = {},
    job = {},
  }: { application?: Partial<Insertable<Database['applications']>>; job?: Partial<Insertable<Database['jobs']>> } = {},
): Promise<InsertedApplication> {
  const workspaceId = newId('ws');
  const appId = application.id ?? newId('app');
  await db.insertInto('workspaces').values({ id: workspaceId, name: 'Test' }).execute();
  await db
    .insertInto('applications')
    .values({
      ...{ id: appId, workspace_id: workspaceId, name: appId, slug: appId.replace('_', '-') },
      ...{ environment: 'production', region: 'us-east-1', config: '{}' },
      ...application,
    })
    .execute();
  const jobId = newId('job');
  await db
    .insertInto('jobs')
    .values({ id: jobId, application_id: appId, generation: 1, kind: 'provision', status: 'succeeded', ...job })
    .execute();
  return { appId, jobId };
}

/** An attempt that runs, unless columns say otherwise. */
export async function insertOperation(
  db: Kysely<Database>,
  { appId, jobId }: InsertedApplication,
  columns: Partial<Insertable<Database['operations']>> = {},
): Promise<string> {
  const id = newId('op');
  await db
    .insertInto('operations')
    .values({
      id,
      application_id: appId,
      job_id: jobId,
      kind: 'provision',
      generation: 1,
      worker: 'worker-1',
      phase: 'applying',
      ...columns,
    })
    .execute();
  return id;
}
