import type { RemovedThing } from '../../shared/db/tables.ts';
import { describeError } from '../describe-error.ts';
import { OperationError } from '../operation-error.ts';
import type { Leftover, Removal } from './remove-things.ts';
import { removeThings } from './remove-things.ts';

export interface DeletionProof {
  /** Found although the stack was destroyed, and removed. */
  removed: RemovedThing[];
  /** Looked for at the end, and not found. */
  verified: RemovedThing[];
}

/**
 * Makes sure that nothing is left of an application whose stack was destroyed.
 *
 * @throws OperationError leftovers, which names what can't be removed, or unverified, where it could not be looked
 */
export async function proveDeletion(removal: Removal): Promise<DeletionProof> {
  const { removed, left, unseen } = await removeThings(removal);
  if (left.length > 0) throw leftovers(left);
  if (unseen.length > 0) throw unverified(unseen);
  const verified = removal.inventory.flatMap((place) => place.expected(removal.appId));
  return { removed: removed.map(named), verified: verified.map(named) };
}

const named = ({ kind, name }: RemovedThing): RemovedThing => ({ kind, name });
const listed = (things: Leftover[]): string => things.map(({ kind, name }) => `${kind} ${name}`).join(', ');

/** Reasons go to the log alone: they are what drivers say. */
function leftovers(left: Leftover[]): OperationError {
  return new OperationError({
    code: 'leftovers',
    message: `Not everything of the application could be removed: ${listed(left)}.`,
    remedy: "The provisioner's log says what is in the way; delete the application again once it is gone.",
    retryable: true,
    cause: causeOf(left),
  });
}

function unverified(unseen: Leftover[]): OperationError {
  return new OperationError({
    code: 'unverified',
    message: `It could not be verified that everything of the application is gone: ${listed(unseen)}.`,
    remedy: 'Check the servers that did not answer; delete the application again once they do.',
    retryable: true,
    cause: causeOf(unseen),
  });
}

function causeOf(things: Leftover[]): Error | undefined {
  const errors = things.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return errors.length === 0 ? undefined : new AggregateError(errors, errors.map(describeError).join('; '));
}
