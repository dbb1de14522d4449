import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import type { AccountLimits } from '../../shared/plans.ts';
import { authorize } from '../policies.ts';
import type { Action } from '../policies.ts';
import { findApplication, lockApplication } from '../stores/application-store.ts';
import type { MemberApplication } from '../stores/application-store.ts';
import { lockWorkspace } from '../stores/workspace-store.ts';
import { commandApplication, requireCommand } from './command-application.ts';
import type { Commanded } from './command-application.ts';
import type { Effects } from './effects.ts';
import { requireRoom } from './require-room.ts';

interface Deps {
  db: Kysely<Database>;
  effects: Effects;
}

interface Ids {
  userId: string;
  applicationId: string;
}

/** How long a deleted application can be restored. */
export const applicationGraceMs = 7 * 24 * 3_600_000;

/** Starts its pods anew, one after another. @throws AppError not_found, forbidden, conflict */
export function restartApplication(deps: Deps, ids: Ids): Promise<Commanded> {
  return change(deps, ids, (tx, application) => commandApplication(tx, application, { kind: 'restart' }, { restartedAt: new Date() }));
}

/** Takes its pods down and keeps its data. Doing it again changes nothing. @throws AppError not_found, forbidden, conflict */
export function suspendApplication(deps: Deps, ids: Ids): Promise<Commanded> {
  return change(deps, ids, (tx, application) => commandApplication(tx, application, { kind: 'suspend', reason: 'owner' }));
}

/** @throws AppError not_found, forbidden, conflict (the owner has not suspended it) */
export function resumeApplication(deps: Deps, ids: Ids): Promise<Commanded> {
  return change(deps, ids, (tx, application) => commandApplication(tx, application, { kind: 'resume', reason: 'owner' }));
}

/**
 * Deletes an application for a grace period of 7 days: keys and route are off at once, its pods are taken down, its data stay. One that
 * never ran has none, and is destroyed. Doing it again changes nothing; after one that failed it starts anew.
 *
 * @throws AppError not_found, forbidden
 */
export function deleteApplication(deps: Deps, ids: Ids): Promise<Commanded> {
  return change(deps, ids, (tx, application) => {
    // Asking again after a failure does not prolong the grace period.
    const destroyAfter = application.destroy_after ?? new Date(Date.now() + applicationGraceMs);
    return commandApplication(tx, application, { kind: 'delete' }, { destroyAfter });
  });
}

/**
 * Destroys an application with all its data, deleted before or not. There is no way back, so it takes an owner or an admin.
 *
 * @throws AppError not_found, forbidden
 */
export function destroyApplication(deps: Deps, ids: Ids): Promise<Commanded> {
  return change(deps, ids, (tx, application) => commandApplication(tx, application, { kind: 'destroy' }), 'application.destroy');
}

/**
 * Takes a deletion back within the grace period, with the keys that the application had.
 *
 * @throws AppError not_found, forbidden, conflict (not deleted, being destroyed, or the plan has no room for it any more)
 */
export async function restoreApplication(
  { db, effects, accountLimits }: Deps & { accountLimits: AccountLimits },
  ids: Ids,
): Promise<Commanded> {
  const restored = await db.transaction().execute(async (tx) => {
    const found = await findApplication(tx, ids);
    // The workspace first, as everywhere: one order of locks, no deadlock.
    const workspace = found && (await lockWorkspace(tx, { workspaceId: found.workspace_id, userId: ids.userId }));
    const application = workspace && (await lockApplication(tx, ids));
    if (!application) throw appErrors.notFound('application');
    authorize(application.role, 'application.write');
    // Before the room: one that isn't deleted needs none.
    requireCommand(application, { kind: 'restore' });
    await requireRoom(tx, workspace, { accountLimits, counted: 'live' });
    return commandApplication(tx, application, { kind: 'restore' }, { destroyAfter: null });
  });
  return publish(effects, restored);
}

async function change(
  { db, effects }: Deps,
  ids: Ids,
  apply: (tx: Transaction<Database>, application: MemberApplication) => Promise<Commanded>,
  action: Action = 'application.write',
): Promise<Commanded> {
  const commanded = await db.transaction().execute(async (tx) => {
    const application = await lockApplication(tx, ids);
    if (!application) throw appErrors.notFound('application');
    authorize(application.role, action);
    return apply(tx, application);
  });
  return publish(effects, commanded);
}

async function publish(effects: Effects, commanded: Commanded): Promise<Commanded> {
  if (commanded.operationId !== null) effects.jobCommitted();
  if (commanded.changed) await effects.routeChanged(commanded.application.id);
  return commanded;
}
