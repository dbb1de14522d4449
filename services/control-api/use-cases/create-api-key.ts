import type { Kysely } from 'kysely';
import { newApiKey } from '../../shared/api-keys.ts';
import type { ApiKeyScope, ApiKeyType } from '../../shared/api-keys.ts';
import { routeStatus } from '../../shared/application-state.ts';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import { countApiKeys, countLiveApiKeys, insertApiKeys } from '../stores/api-key-store.ts';
import type { ApiKeyRow } from '../stores/api-key-store.ts';
import { bumpRevision, lockApplication } from '../stores/application-store.ts';
import type { Effects } from './effects.ts';

export interface CreateApiKeyInput {
  userId: string;
  applicationId: string;
  name: string;
  type: ApiKeyType;
  scopes: ApiKeyScope[];
  expiresAt: Date | null;
}

/** Every proxy holds all keys of the applications that it serves. */
const maxLiveKeys = 50;
/** With those that were revoked, which are listed for 90 days. */
const maxKeys = 500;

/**
 * Makes a key; the key itself is in the answer and nowhere else.
 *
 * @throws AppError not_found, forbidden, conflict (being deleted, or too many keys)
 */
export async function createApiKey(
  { db, effects }: { db: Kysely<Database>; effects: Effects },
  { userId, applicationId, ...wanted }: CreateApiKeyInput,
): Promise<{ row: ApiKeyRow; key: string }> {
  const created = await db.transaction().execute(async (tx) => {
    const application = await lockApplication(tx, { applicationId, userId });
    if (!application) throw appErrors.notFound('application');
    authorize(application.role, 'application.write');
    if (routeStatus(application) === 'deleting') throw appErrors.conflict({ field: 'application', reason: 'is being deleted' });
    if ((await countLiveApiKeys(tx, applicationId)) >= maxLiveKeys) {
      throw appErrors.conflict({ field: 'application', reason: `has ${maxLiveKeys} keys already` });
    }
    if ((await countApiKeys(tx, applicationId)) >= maxKeys) {
      const reason = `has ${maxKeys} keys already with the revoked ones, which are removed after 90 days`;
      throw appErrors.conflict({ field: 'application', reason });
    }

    const made = newApiKey({ type: wanted.type, environment: application.environment });
    const [row] = await insertApiKeys(tx, [{ applicationId, ...wanted, made }]);
    await bumpRevision(tx, applicationId);
    return { row: row as ApiKeyRow, key: made.key };
  });
  await effects.routeChanged(applicationId);
  return created;
}
