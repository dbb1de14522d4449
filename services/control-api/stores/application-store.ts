import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { AppConfig } from '../../shared/app-config.ts';
import type { AppEnvironment, ApplicationsTable, Executor, MemberRole } from '../../shared/db/database.ts';
import { newId } from '../../shared/ids.ts';
import type { AppStatus } from '../../shared/routes/route.ts';
import type { Page, Paged } from './page.ts';

export type ApplicationRow = Selectable<ApplicationsTable>;
/** An application as a member of its workspace sees it. */
export type MemberApplication = ApplicationRow & { role: MemberRole };

export interface NewApplication {
  workspaceId: string;
  name: string;
  slug: string;
  environment: AppEnvironment;
  region: string;
  config: AppConfig;
}

/** Inserts an application that is to be provisioned. @throws a unique violation of applications_workspace_slug_key */
export function insertApplication(tx: Executor, { workspaceId, config, ...columns }: NewApplication): Promise<ApplicationRow> {
  return tx
    .insertInto('applications')
    .values({ id: newId('app'), workspace_id: workspaceId, config: JSON.stringify(config), ...columns })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** How many applications a workspace has; those being deleted count until they are gone. */
export async function countApplications(db: Executor, workspaceId: string): Promise<number> {
  const { count } = await selectPresent(db)
    .where('a.workspace_id', '=', workspaceId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

const selectPresent = (db: Executor) => db.selectFrom('applications as a').where('a.status', '<>', 'deleted');

const selectForMember = (db: Executor, { applicationId, userId }: { applicationId: string; userId: string }) =>
  selectPresent(db)
    .innerJoin('members as m', 'm.workspace_id', 'a.workspace_id')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .where('w.deleted_at', 'is', null)
    .where('a.id', '=', applicationId)
    .where('m.user_id', '=', userId)
    .selectAll('a')
    .select('m.role');

/** The application, if it is not deleted and the user is a member of its workspace. */
export function findApplication(db: Executor, ids: { applicationId: string; userId: string }): Promise<MemberApplication | undefined> {
  return selectForMember(db, ids).executeTakeFirst();
}

/** As findApplication(), and holds the row until the transaction ends. */
export function lockApplication(tx: Executor, ids: { applicationId: string; userId: string }): Promise<MemberApplication | undefined> {
  return selectForMember(tx, ids).forUpdate('a').executeTakeFirst();
}

export interface ApplicationFilter {
  environment?: AppEnvironment | undefined;
  status?: AppStatus | undefined;
}

/** A workspace's applications that are not deleted, newest first. */
export async function listApplications(
  db: Executor,
  workspaceId: string,
  { filter, page }: { filter: ApplicationFilter; page: Page },
): Promise<Paged<ApplicationRow>> {
  const { environment, status } = filter;
  const matching = selectPresent(db)
    .where('a.workspace_id', '=', workspaceId)
    .$if(environment !== undefined, (query) => query.where('a.environment', '=', environment as AppEnvironment))
    .$if(status !== undefined, (query) => query.where('a.status', '=', status as AppStatus));
  const [rows, { total }] = await Promise.all([
    matching.selectAll('a').orderBy('a.created_at', 'desc').orderBy('a.id').limit(page.limit).offset(page.offset).execute(),
    matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}

/** Sets the desired state to absent: a new generation for the provisioner, a new revision for the proxies. */
export function markDeleting(tx: Executor, applicationId: string): Promise<ApplicationRow> {
  return tx
    .updateTable('applications')
    .set({
      desired: 'absent',
      status: 'deleting',
      failure: null,
      generation: sql<number>`generation + 1`,
      revision: sql<number>`revision + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A change that only routes depend on, such as one of the keys. */
export async function bumpRevision(tx: Executor, applicationId: string): Promise<void> {
  await tx
    .updateTable('applications')
    .set({ revision: sql<number>`revision + 1` })
    .where('id', '=', applicationId)
    .execute();
}
