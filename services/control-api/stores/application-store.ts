import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { ApplicationState } from '../../shared/application-state.ts';
import type { SealedConfig } from '../../shared/config-secrets.ts';
import type { AppEnvironment, ApplicationsTable, Executor, MemberRole } from '../../shared/db/tables.ts';
import type { DatabaseTier } from '../../shared/plans.ts';
import type { AppStatus } from '../../shared/routes/route.ts';
import type { Page, Paged } from './page.ts';

export type ApplicationRow = Selectable<ApplicationsTable>;
/** An application as a member of its workspace sees it. */
export type MemberApplication = ApplicationRow & { role: MemberRole };

export interface NewApplication {
  id: string;
  workspaceId: string;
  name: string;
  slug: string;
  environment: AppEnvironment;
  region: string;
  config: SealedConfig;
  databaseTier: DatabaseTier;
}

/** Inserts an application that is to be provisioned. @throws a unique violation of applications_workspace_slug_key */
export function insertApplication(
  tx: Executor,
  { workspaceId, config, databaseTier, ...columns }: NewApplication,
): Promise<ApplicationRow> {
  return tx
    .insertInto('applications')
    .values({ workspace_id: workspaceId, database_tier: databaseTier, ...configColumns(config), ...columns })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/**
 * What is counted: `held`, all that is not gone, those in their grace period and those being destroyed too; or `live`, those that are neither
 * deleted nor in a deleted workspace.
 */
export type Counted = 'held' | 'live';

/** How many applications a workspace has. */
export async function countApplications(db: Executor, workspaceId: string, counted: Counted): Promise<number> {
  const { count } = await selectCounted(db, counted)
    .where('a.workspace_id', '=', workspaceId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** How many applications there are in the free workspaces that an account owns. */
export async function countAccountApplications(db: Executor, userId: string, counted: Counted): Promise<number> {
  const { count } = await selectCounted(db, counted)
    .innerJoin('members as m', 'm.workspace_id', 'a.workspace_id')
    .where('m.user_id', '=', userId)
    .where('m.role', '=', 'owner')
    .where('w.plan', '=', 'free')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

const selectCounted = (db: Executor, counted: Counted) =>
  selectPresent(db)
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .$if(counted === 'live', (query) =>
      query
        .where('w.deleted_at', 'is', null)
        .where('a.desired', '<>', 'absent')
        .where(sql<boolean>`not ('deletion' = any (a.suspensions))`),
    );

/** Ids of a workspace's applications that have a database server of their own, and are not being destroyed. */
export async function listDedicated(db: Executor, workspaceId: string): Promise<string[]> {
  const rows = await selectPresent(db)
    .where('a.workspace_id', '=', workspaceId)
    .where('a.database_tier', '=', 'dedicated')
    .where('a.desired', '<>', 'absent')
    .orderBy('a.id')
    .select('a.id')
    .execute();
  return rows.map(({ id }) => id);
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

const configColumns = ({ settings, sealedSecrets }: SealedConfig) => ({
  config: JSON.stringify(settings),
  sealed_config_secrets: JSON.stringify(sealedSecrets),
});

const nextRevision = { revision: sql<number>`revision + 1` };
const touched = { updated_at: sql<Date>`now()` };

/** Columns that some changes of the state bring along. */
export interface StateChange {
  config?: SealedConfig;
  restartedAt?: Date;
  destroyAfter?: Date | null;
}

/**
 * Writes a state that the application's row was brought to, with a new revision for the proxies. The row must be locked. One that is to be
 * gone forgets the secrets of its configuration and the end of its grace period, whatever led to that.
 */
export function writeState(
  tx: Executor,
  applicationId: string,
  { status, desired, suspensions, generation, serving }: ApplicationState,
  { config, restartedAt, destroyAfter }: StateChange = {},
): Promise<ApplicationRow> {
  const gone = desired === 'absent';
  return tx
    .updateTable('applications')
    .set({ status, desired, suspensions, generation, serving, ...touched, ...nextRevision })
    .$if(status !== 'failed', (query) => query.set({ failure: null }))
    .$if(config !== undefined, (query) => query.set(configColumns(config as SealedConfig)))
    .$if(restartedAt !== undefined, (query) => query.set({ restarted_at: restartedAt as Date }))
    .$if(!gone && destroyAfter !== undefined, (query) => query.set({ destroy_after: destroyAfter as Date | null }))
    .$if(gone, (query) => query.set({ sealed_config_secrets: '{}', destroy_after: null }))
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A workspace's applications that are not deleted, held in one order until the transaction ends. */
export function lockApplications(tx: Executor, workspaceId: string): Promise<ApplicationRow[]> {
  return selectPresent(tx).where('a.workspace_id', '=', workspaceId).selectAll('a').orderBy('a.id').forUpdate('a').execute();
}

/** As lockApplication(), for the platform's operator and for what runs by itself, who are members of no workspace. */
export function lockAnyApplication(tx: Executor, applicationId: string): Promise<ApplicationRow | undefined> {
  return tx.selectFrom('applications').where('id', '=', applicationId).selectAll().forUpdate().executeTakeFirst();
}

/** Gives it another name, which nothing but people depends on. */
export function renameApplication(tx: Executor, applicationId: string, name: string): Promise<ApplicationRow> {
  return tx
    .updateTable('applications')
    .set({ name, ...touched })
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A change that only routes depend on, such as one of the keys. */
export async function bumpRevision(tx: Executor, applicationId: string): Promise<void> {
  await tx.updateTable('applications').set(nextRevision).where('id', '=', applicationId).execute();
}
