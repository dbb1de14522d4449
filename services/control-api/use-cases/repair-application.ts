import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { lockAnyApplication } from '../stores/application-store.ts';
import { commandApplication } from './command-application.ts';
import type { Commanded } from './command-application.ts';
import type { Effects } from './effects.ts';

/**
 * Brings an application to its desired state once more, for the platform's operator. `retry` is for one that failed; `repair` also compares
 * the stack with what is really there, and is allowed while all seems well.
 *
 * @throws AppError not_found, conflict naming the state (retry: not failed; repair: deleted)
 */
export async function repairApplication(
  { db, effects }: { db: Kysely<Database>; effects: Effects },
  { applicationId, kind }: { applicationId: string; kind: 'retry' | 'repair' },
): Promise<Commanded> {
  const commanded = await db.transaction().execute(async (tx) => {
    const application = await lockAnyApplication(tx, applicationId);
    if (!application) throw appErrors.notFound('application');
    return commandApplication(tx, application, { kind });
  });
  effects.jobCommitted();
  await effects.routeChanged(applicationId);
  return commanded;
}
