import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { conclude, stateOf } from '../../services/shared/application-state.ts';
import type { Outcome } from '../../services/shared/application-state.ts';
import type { AppFailure, Database, OperationEventsTable, OperationPhase } from '../../services/shared/db/tables.ts';
import { newId } from '../../services/shared/ids.ts';
import { routeKey, routeSchema } from '../../services/shared/routes/route.ts';
import type { Route } from '../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from './application-requests.ts';
import type { CreatedApplicationView } from './application-requests.ts';
import type { TestControlApi } from './control-api.ts';
import type { OwnerClient } from './owner-client.ts';

type Db = Kysely<Database>;

/** A new application, and then what the provisioner would have written: it is active, and its first operation is done. */
export async function activeApplication(
  api: TestControlApi,
  owner: OwnerClient,
  { workspaceId, ...change }: { workspaceId?: string; slug?: string; config?: object } = {},
): Promise<CreatedApplicationView> {
  const { status, body } = await createApplication(owner, workspaceId ?? (await createWorkspace(owner)), change);
  if (status !== 202) throw new Error(`creating an application answered ${status}: ${JSON.stringify(body)}`);
  await settle(api.db, body.id);
  return body;
}

/** Ends an application's newest operation as the provisioner does: the job's row, and what the state machine makes of the application's. */
export async function settle(
  db: Db,
  applicationId: string,
  {
    outcome = 'succeeded',
    failure = { code: 'pods_not_ready', message: 'They are not.' },
  }: { outcome?: Outcome; failure?: AppFailure } = {},
): Promise<void> {
  const row = await db.selectFrom('applications').where('id', '=', applicationId).selectAll().executeTakeFirstOrThrow();
  const state = conclude(stateOf(row), { outcome, generation: row.generation, brought: row.desired });
  await db
    .updateTable('applications')
    .set({
      ...{ status: state.status, serving: state.serving, observed_generation: state.observedGeneration },
      ...{ revision: sql<number>`revision + 1`, internal_url: 'http://instance' },
      failure: outcome === 'failed' ? JSON.stringify(failure) : null,
      ...(state.status === 'deleted' ? { deleted_at: new Date() } : {}),
    })
    .where('id', '=', applicationId)
    .execute();
  await db
    .updateTable('jobs')
    .set({
      finished_at: new Date(),
      ...(outcome === 'failed' ? { status: 'dead', error: JSON.stringify(failure) } : { status: 'succeeded' }),
    })
    .where('application_id', '=', applicationId)
    .where('generation', '=', row.generation)
    .execute();
}

export interface Attempt {
  worker?: string;
  phases?: OperationPhase[];
  overdue?: boolean;
}

/** Begins an application's newest operation as a worker does. @returns the attempt's id */
export async function begin(
  db: Db,
  applicationId: string,
  { worker = 'worker-1', phases = [], overdue = false }: Attempt = {},
): Promise<string> {
  const job = await newestJob(db, applicationId);
  await db.updateTable('jobs').set({ status: 'running' }).where('id', '=', job.id).execute();
  const { id } = await db
    .insertInto('operations')
    .values({
      ...{ id: newId('op'), application_id: applicationId, job_id: job.id, kind: job.kind, generation: job.generation, worker },
      ...{ phase: phases.at(-1)?.name ?? 'starting', phases: JSON.stringify(phases), overdue_at: overdue ? new Date() : null },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Ends an attempt. */
export async function endAttempt(
  db: Db,
  attemptId: string,
  status: 'succeeded' | 'failed' | 'abandoned' | 'cancelled' = 'succeeded',
): Promise<void> {
  await db.updateTable('operations').set({ status, finished_at: new Date() }).where('id', '=', attemptId).execute();
}

/** Writes steps of the engine, numbered on from `first`. */
export async function writeEvents(
  db: Db,
  attemptId: string,
  { first, names, status = 'done' }: { first: number; names: readonly string[]; status?: OperationEventsTable['status'] },
): Promise<void> {
  const rows = names.map((name, index) => ({
    ...{ operation_id: attemptId, sequence: first + index, at: new Date(), change: 'created', status },
    ...{ resource_type: 'kubernetes:core/v1:Secret', resource_name: name },
  }));
  await db.insertInto('operation_events').values(rows).execute();
}

/** An application's row, without what the relay of routes notes in its own time. */
export async function selectApplication(db: Db, id: string) {
  const {
    published_revision: _,
    published_format: __,
    ...row
  } = await db.selectFrom('applications').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
  return row;
}

/** An application's jobs, the oldest first. */
export function selectJobs(db: Db, applicationId: string) {
  return db.selectFrom('jobs').where('application_id', '=', applicationId).selectAll().orderBy('generation').execute();
}

export async function newestJob(db: Db, applicationId: string) {
  const job = (await selectJobs(db, applicationId)).at(-1);
  if (job === undefined) throw new Error(`application ${applicationId} has no job`);
  return job;
}

/** The route that the proxies find in Redis. @throws where there is none */
export async function routeOf(api: TestControlApi, applicationId: string): Promise<Route> {
  return routeSchema.parse(JSON.parse((await api.redis.get(routeKey(applicationId))) ?? 'null'));
}
