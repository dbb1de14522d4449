import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import { findApiKey, revokeApiKey as revokeRow } from '../stores/api-key-store.ts';
import { bumpRevision, lockApplication } from '../stores/application-store.ts';
import type { Effects } from './effects.ts';

/**
 * Revokes a key. Revoking it again changes nothing.
 *
 * @throws AppError not_found (no such key in any application of this user), forbidden
 */
export async function revokeApiKey(
  { db, effects }: { db: Kysely<Database>; effects: Effects },
  { userId, keyId }: { userId: string; keyId: string },
): Promise<void> {
  const applicationId = await db.transaction().execute(async (tx) => {
    const key = await findApiKey(tx, keyId);
    const application = key && (await lockApplication(tx, { applicationId: key.applicationId, userId }));
    if (!application) throw appErrors.notFound('key');
    authorize(application.role, 'application.write');
    if (await revokeRow(tx, keyId)) await bumpRevision(tx, application.id);
    return application.id;
  });
  await effects.routeChanged(applicationId);
}
