import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { SealedConfig } from '../../shared/config-secrets.ts';
import type { AppEnvironment, ApplicationsTable, Executor, MemberRole } from '../../shared/db/database.ts';
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

/** How many applications a workspace has; those being deleted count until they are gone. */
export async function countApplications(db: Executor, workspaceId: string): Promise<number> {
  const { count } = await selectPresent(db)
    .where('a.workspace_id', '=', workspaceId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** Ids of a workspace's applications that have a database server of their own, and are not being deleted. */
export async function listDedicated(db: Executor, workspaceId: string): Promise<string[]> {
  const rows = await selectPresent(db)
    .where('a.workspace_id', '=', workspaceId)
    .where('a.database_tier', '=', 'dedicated')
    .where('a.desired', '=', 'present')
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

const nextGeneration = { generation: sql<number>`generation + 1`, updated_at: sql<Date>`now()` };
const nextRevision = { revision: sql<number>`revision + 1` };

/** One that never ran is not updated, it is still being provisioned: it has nothing that could answer meanwhile. */
const statusOfUpdate = sql<AppStatus>`case when observed_generation = 0 then 'provisioning' else 'updating' end`;

/** Sets another configuration to be reached: a new generation for the provisioner, a new revision for the proxies. */
export function markConfigChanged(tx: Executor, applicationId: string, config: SealedConfig): Promise<ApplicationRow> {
  return tx
    .updateTable('applications')
    .set({ ...configColumns(config), ...nextGeneration, ...nextRevision, status: statusOfUpdate, failure: null })
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** In these the desired state may change: the provisioner goes on to the newest one, whatever it is at. */
export const changeableStatuses = ['provisioning', 'active', 'updating', 'failed'] as const satisfies AppStatus[];

/**
 * Sets the stacks of a workspace's applications to be brought to its plan, and their routes to be published with it. One that is, say,
 * suspended gets its stack when it comes back; its route is new all the same.
 *
 * @returns those whose stacks change
 */
export async function markPlanChanged(tx: Executor, workspaceId: string): Promise<{ applicationId: string; generation: number }[]> {
  await tx.updateTable('applications').set(nextRevision).where('workspace_id', '=', workspaceId).where('status', '<>', 'deleted').execute();
  return tx
    .updateTable('applications')
    .set({ ...nextGeneration, status: statusOfUpdate, failure: null })
    .where('workspace_id', '=', workspaceId)
    .where('desired', '=', 'present')
    .where('status', 'in', changeableStatuses)
    .returning(['id as applicationId', 'generation'])
    .execute();
}

/** Gives it another name, which nothing but people depends on. */
export function renameApplication(tx: Executor, applicationId: string, name: string): Promise<ApplicationRow> {
  return tx
    .updateTable('applications')
    .set({ name, updated_at: sql<Date>`now()` })
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/**
 * Sets the desired state to absent: a new generation for the provisioner, a new revision for the proxies. The secrets of its configuration
 * are not needed any more.
 */
export function markDeleting(tx: Executor, applicationId: string): Promise<ApplicationRow> {
  return tx
    .updateTable('applications')
    .set({
      ...nextGeneration,
      ...nextRevision,
      desired: 'absent',
      status: 'deleting',
      failure: null,
      sealed_config_secrets: '{}',
    })
    .where('id', '=', applicationId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A change that only routes depend on, such as one of the keys. */
export async function bumpRevision(tx: Executor, applicationId: string): Promise<void> {
  await tx.updateTable('applications').set(nextRevision).where('id', '=', applicationId).execute();
}
