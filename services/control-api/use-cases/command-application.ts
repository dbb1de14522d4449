import type { Transaction } from 'kysely';
import { command, stateOf } from '../../shared/application-state.ts';
import type { Command, Transition } from '../../shared/application-state.ts';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { writeState } from '../stores/application-store.ts';
import type { ApplicationRow, StateChange } from '../stores/application-store.ts';
import { insertJob } from '../stores/job-store.ts';

export interface Commanded {
  application: ApplicationRow;
  /** The row was written, so the route has to be published. */
  changed: boolean;
  /** The operation that brings the stack to it; null where the stack has no part in it. */
  operationId: string | null;
}

/**
 * Applies a command to a locked application: its new desired state and the job for it, in the caller's transaction. What is asked for
 * already changes nothing.
 *
 * @throws AppError conflict, naming the state that forbids it
 */
export async function commandApplication(
  tx: Transaction<Database>,
  application: ApplicationRow,
  wanted: Command,
  change: StateChange = {},
): Promise<Commanded> {
  const transition = requireCommand(application, wanted);
  if (transition.type === 'unchanged') return { application, changed: false, operationId: null };

  const written = await writeState(tx, application.id, transition.state, change);
  if (!transition.reconcile) return { application: written, changed: true, operationId: null };
  const job = { applicationId: written.id, generation: written.generation, kind: wanted.kind };
  return { application: written, changed: true, operationId: await insertJob(tx, job) };
}

/** The same for one of many applications: false, with nothing written, where its state forbids the command or it changes nothing. */
export async function commandIfAllowed(tx: Transaction<Database>, application: ApplicationRow, wanted: Command): Promise<boolean> {
  if (command(stateOf(application), wanted).type !== 'changed') return false;
  await commandApplication(tx, application, wanted);
  return true;
}

/** What a command leads to. @throws AppError conflict, naming the state that forbids it */
export function requireCommand(application: ApplicationRow, wanted: Command): Exclude<Transition, { type: 'refused' }> {
  const transition = command(stateOf(application), wanted);
  if (transition.type === 'refused') throw appErrors.conflict({ field: 'application', reason: transition.reason });
  return transition;
}
