import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import type { Inspection } from '../presenters/present-inspection.ts';
import { findAnyApplication, findDeletion, findDrift, listEvents } from '../stores/inspection-store.ts';
import { listOperations } from '../stores/operation-store.ts';

const operationsShown = 20;
const eventsShown = 50;

/** What is known of any application, one that is deleted too, for the platform's operator. @throws AppError not_found */
export async function inspectApplication(db: Kysely<Database>, applicationId: string): Promise<Inspection> {
  const application = await findAnyApplication(db, applicationId);
  if (!application) throw appErrors.notFound('application');
  const [operations, drift, deletion, events] = await Promise.all([
    listOperations(db, applicationId, { limit: operationsShown, offset: 0 }),
    findDrift(db, applicationId),
    findDeletion(db, applicationId),
    listEvents(db, applicationId, eventsShown),
  ]);
  return { application, operations: operations.rows, drift, deletion, events };
}
