import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/database.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import { revokeAllApiKeys } from '../stores/api-key-store.ts';
import { lockApplication, markDeleting } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { insertJobs } from '../stores/job-store.ts';
import type { Effects } from './effects.ts';

/**
 * Starts the deletion: keys stop working at once, the provisioner destroys the rest. Doing it again while it runs changes nothing; after
 * one that failed it starts anew.
 *
 * @throws AppError not_found, forbidden
 */
export async function deleteApplication(
  { db, effects }: { db: Kysely<Database>; effects: Effects },
  ids: { userId: string; applicationId: string },
): Promise<ApplicationRow> {
  const { application, changed } = await db.transaction().execute(async (tx) => {
    const found = await lockApplication(tx, ids);
    if (!found) throw appErrors.notFound('application');
    authorize(found.role, 'application.write');
    if (found.status === 'deleting') return { application: found, changed: false };

    await revokeAllApiKeys(tx, found.id);
    const deleting = await markDeleting(tx, found.id);
    await insertJobs(tx, [{ applicationId: deleting.id, generation: deleting.generation }]);
    return { application: deleting, changed: true };
  });

  if (changed) {
    effects.jobCommitted();
    await effects.routeChanged(application.id);
  }
  return application;
}
