import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/database.ts';
import { appErrors } from '../../shared/errors.ts';
import { sealConfig } from '../../shared/config-secrets.ts';
import type { SecretBox } from '../../shared/secret-box.ts';
import { authorize } from '../policies.ts';
import { changeableStatuses, lockApplication, markConfigChanged, renameApplication } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { insertJobs } from '../stores/job-store.ts';
import { changeConfig } from './change-config.ts';
import type { Effects } from './effects.ts';

export interface UpdateApplicationInput {
  userId: string;
  applicationId: string;
  name?: string | undefined;
  /** A JSON merge patch of the configuration. */
  config?: Record<string, unknown> | undefined;
}

export interface UpdatedApplication {
  application: ApplicationRow;
  /** A job was written: the stack is brought to the new configuration. */
  reconciling: boolean;
}

/**
 * Changes an application's name, its configuration, or both. A configuration is checked as a whole once the patch is merged; then the new
 * desired state and its job are written in one transaction. A change that comes while another one is under way supersedes it: what is
 * queued is closed, what runs is finished first. One that changes nothing writes no job, but asks for a failed application again.
 *
 * @throws AppError not_found, forbidden, invalid_request (a field of the configuration), conflict (the state allows no change)
 */
export async function updateApplication(
  { db, box, effects }: { db: Kysely<Database>; box: SecretBox; effects: Effects },
  { userId, applicationId, name, config: patch }: UpdateApplicationInput,
): Promise<UpdatedApplication> {
  const updated = await db.transaction().execute(async (tx): Promise<UpdatedApplication> => {
    const found = await lockApplication(tx, { applicationId, userId });
    if (!found) throw appErrors.notFound('application');
    authorize(found.role, 'application.write');
    requirePresent(found);

    const named = name === undefined ? found : await renameApplication(tx, applicationId, name);
    if (patch === undefined) return { application: named, reconciling: false };
    requireChangeable(found);
    const { config, changed } = changeConfig(found, patch, box);
    if (!changed && found.status !== 'failed') return { application: named, reconciling: false };

    const application = await markConfigChanged(tx, applicationId, sealConfig(config, { box, appId: applicationId }));
    await insertJobs(tx, [{ applicationId, generation: application.generation }]);
    return { application, reconciling: true };
  });

  if (updated.reconciling) {
    effects.jobCommitted();
    await effects.routeChanged(applicationId);
  }
  return updated;
}

/** A deletion that failed has turned the keys off and may have destroyed half of it: there is no way back. */
function requirePresent({ desired, status }: ApplicationRow): void {
  if (desired === 'present') return;
  const reason = status === 'failed' ? 'failed while it was deleted, delete it again' : `is ${status}`;
  throw appErrors.conflict({ field: 'application', reason });
}

function requireChangeable({ status }: ApplicationRow): void {
  if (!changeableStatuses.some((changeable) => changeable === status)) {
    throw appErrors.conflict({ field: 'application', reason: `is ${status}` });
  }
}
