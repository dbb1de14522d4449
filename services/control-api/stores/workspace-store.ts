import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Executor, MemberRole, WorkspacesTable } from '../../shared/db/tables.ts';
import { newId } from '../../shared/ids.ts';
import type { Plan } from '../../shared/plans.ts';
import type { Page, Paged } from './page.ts';

export type WorkspaceRow = Selectable<WorkspacesTable>;
/** A workspace as one of its members sees it. */
export type MemberWorkspace = WorkspaceRow & { role: MemberRole };

/** Inserts a workspace with its first member, the owner. Call it in a transaction. */
export async function insertWorkspace(
  tx: Executor,
  { name, metadata, ownerId }: { name: string; metadata: Record<string, unknown>; ownerId: string },
): Promise<MemberWorkspace> {
  const workspace = await tx
    .insertInto('workspaces')
    .values({ id: newId('ws'), name, metadata: JSON.stringify(metadata) })
    .returningAll()
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('members')
    .values({ id: newId('mem'), workspace_id: workspace.id, user_id: ownerId, role: 'owner' })
    .execute();
  return { ...workspace, role: 'owner' };
}

const selectOfMember = (db: Executor, userId: string) =>
  db.selectFrom('workspaces as w').innerJoin('members as m', 'm.workspace_id', 'w.id').where('m.user_id', '=', userId);

const selectForMember = (db: Executor, userId: string) => selectOfMember(db, userId).where('w.deleted_at', 'is', null);

/** Those that can be restored. */
const selectDeletedForMember = (db: Executor, userId: string) =>
  selectOfMember(db, userId)
    .where('w.deleted_at', 'is not', null)
    .where('w.destroy_after', '>', sql<Date>`now()`);

/** How many workspaces an account owns: those that are deleted count as long as they can be restored. */
export async function countOwnedWorkspaces(db: Executor, userId: string): Promise<number> {
  const { count } = await selectOfMember(db, userId)
    .where('m.role', '=', 'owner')
    .where((eb) => eb.or([eb('w.deleted_at', 'is', null), eb('w.destroy_after', '>', sql<Date>`now()`)]))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** The workspace, if the user is one of its members. */
export function findWorkspace(db: Executor, ids: { workspaceId: string; userId: string }): Promise<MemberWorkspace | undefined> {
  return selectForMember(db, ids.userId).where('w.id', '=', ids.workspaceId).selectAll('w').select('m.role').executeTakeFirst();
}

/** As findWorkspace(), and holds the row: what is counted in the workspace stays true until the transaction ends. */
export function lockWorkspace(tx: Executor, ids: { workspaceId: string; userId: string }): Promise<MemberWorkspace | undefined> {
  return lock(selectForMember(tx, ids.userId), ids.workspaceId);
}

/** As lockWorkspace(), of one that is deleted and can be restored. */
export function lockDeletedWorkspace(tx: Executor, ids: { workspaceId: string; userId: string }): Promise<MemberWorkspace | undefined> {
  return lock(selectDeletedForMember(tx, ids.userId), ids.workspaceId);
}

function lock(candidates: ReturnType<typeof selectOfMember>, workspaceId: string): Promise<MemberWorkspace | undefined> {
  return candidates.where('w.id', '=', workspaceId).selectAll('w').select('m.role').forUpdate('w').executeTakeFirst();
}

/** Deletes a workspace until a time, or takes that back. */
export function setDeletion(
  tx: Executor,
  workspaceId: string,
  { deletedAt, destroyAfter }: { deletedAt: Date | null; destroyAfter: Date | null },
): Promise<WorkspaceRow> {
  return tx
    .updateTable('workspaces')
    .set({ deleted_at: deletedAt, destroy_after: destroyAfter, updated_at: sql<Date>`now()` })
    .where('id', '=', workspaceId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** As lockWorkspace(), for the platform's operator, who is a member of none. */
export function lockAnyWorkspace(tx: Executor, workspaceId: string): Promise<WorkspaceRow | undefined> {
  return tx
    .selectFrom('workspaces')
    .where('id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .forUpdate()
    .executeTakeFirst();
}

export function updatePlan(tx: Executor, workspaceId: string, plan: Plan): Promise<WorkspaceRow> {
  return tx
    .updateTable('workspaces')
    .set({ plan, updated_at: sql<Date>`now()` })
    .where('id', '=', workspaceId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The user's workspaces, oldest first: those that are not deleted, or those that are and can be restored. */
export async function listWorkspaces(
  db: Executor,
  userId: string,
  { deleted, page: { limit, offset } }: { deleted: boolean; page: Page },
): Promise<Paged<MemberWorkspace>> {
  const select = deleted ? selectDeletedForMember : selectForMember;
  const [rows, { total }] = await Promise.all([
    select(db, userId).selectAll('w').select('m.role').orderBy('w.created_at').orderBy('w.id').limit(limit).offset(offset).execute(),
    select(db, userId)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}
