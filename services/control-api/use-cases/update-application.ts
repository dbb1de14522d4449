import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { sealConfig } from '../../shared/config-secrets.ts';
import type { SecretBox } from '../../shared/secret-box.ts';
import { authorize } from '../policies.ts';
import { lockApplication, renameApplication } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { changeConfig } from './change-config.ts';
import { commandApplication, requireCommand } from './command-application.ts';
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
    // A name too: nobody needs one for what is on its way out.
    requireCommand(found, { kind: 'update' });

    const named = name === undefined ? found : await renameApplication(tx, applicationId, name);
    if (patch === undefined) return { application: named, reconciling: false };
    const { config, changed } = changeConfig(found, patch, box);
    if (!changed && found.status !== 'failed') return { application: named, reconciling: false };

    const sealed = sealConfig(config, { box, appId: applicationId });
    const { application } = await commandApplication(tx, named, { kind: 'update' }, { config: sealed });
    return { application, reconciling: true };
  });

  if (updated.reconciling) {
    effects.jobCommitted();
    await effects.routeChanged(applicationId);
  }
  return updated;
}
