import type { Kysely, Transaction } from 'kysely';
import { newApiKey } from '../../shared/api-keys.ts';
import type { AppConfig } from '../../shared/app-config.ts';
import { sealConfig } from '../../shared/config-secrets.ts';
import { translateConstraint } from '../../shared/db/constraint-errors.ts';
import type { AppEnvironment, Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { plans } from '../../shared/plans.ts';
import type { AccountLimits } from '../../shared/plans.ts';
import type { SecretBox } from '../../shared/secret-box.ts';
import { authorize } from '../policies.ts';
import { insertApiKeys } from '../stores/api-key-store.ts';
import { insertApplication } from '../stores/application-store.ts';
import type { ApplicationRow } from '../stores/application-store.ts';
import { insertJob } from '../stores/job-store.ts';
import { lockWorkspace } from '../stores/workspace-store.ts';
import type { Effects } from './effects.ts';
import { requireRoom } from './require-room.ts';

export interface CreateApplicationInput {
  userId: string;
  workspaceId: string;
  name: string;
  slug: string;
  environment: AppEnvironment;
  region: string;
  config: AppConfig;
}

export interface CreatedApplication {
  application: ApplicationRow;
  publicKey: string;
  /** Only here and now: the database has its hash. */
  secretKey: string;
}

/**
 * Creates an application to be provisioned: row, first keys and job in one transaction, so that neither exists without the others. Its
 * database goes where the workspace's plan of now says, and stays there.
 *
 * @throws AppError not_found (no such workspace for this user), forbidden (role), conflict (slug taken, plan's or the account's limit reached)
 */
export async function createApplication(
  { db, box, effects, accountLimits }: { db: Kysely<Database>; box: SecretBox; effects: Effects; accountLimits: AccountLimits },
  { userId, config, ...input }: CreateApplicationInput,
): Promise<CreatedApplication> {
  const id = newId('app');
  const sealed = sealConfig(config, { box, appId: id });
  const created = await db.transaction().execute(async (tx) => {
    const workspace = await lockWorkspace(tx, { workspaceId: input.workspaceId, userId });
    if (!workspace) throw appErrors.notFound('workspace');
    authorize(workspace.role, 'application.write');
    await requireRoom(tx, workspace, { accountLimits, counted: 'held' });

    const { databaseTier } = plans[workspace.plan];
    const application = await translateConstraint(insertApplication(tx, { ...input, id, config: sealed, databaseTier }), {
      applications_workspace_slug_key: { field: 'slug', reason: 'is taken in this workspace' },
    });
    const keys = await insertFirstKeys(tx, application);
    await insertJob(tx, { applicationId: application.id, generation: application.generation, kind: 'provision' });
    return { application, ...keys };
  });

  effects.jobCommitted();
  await effects.routeChanged(created.application.id);
  return created;
}

async function insertFirstKeys(
  tx: Transaction<Database>,
  { id: applicationId, environment }: ApplicationRow,
): Promise<{ publicKey: string; secretKey: string }> {
  const publicKey = newApiKey({ type: 'public', environment });
  const secretKey = newApiKey({ type: 'secret', environment });
  await insertApiKeys(tx, [
    { applicationId, name: 'Default public key', type: 'public', scopes: [], expiresAt: null, made: publicKey },
    { applicationId, name: 'Default secret key', type: 'secret', scopes: ['*'], expiresAt: null, made: secretKey },
  ]);
  return { publicKey: publicKey.key, secretKey: secretKey.key };
}
