import type { Redis } from 'ioredis';
import { MightyRolesError } from '../../shared/db/mighty-roles.ts';
import type { Log } from '../../shared/log.ts';
import type { SecretBox } from '../../shared/secret-box.ts';
import type { GoodDump } from '../manifest.ts';
import { dropReplaced, loadDraft, putDraftInPlace } from '../postgres/replace-database.ts';
import { withClient, databaseUrl } from '../postgres/server.ts';
import { withLock } from '../with-lock.ts';
import { adjustControl, releaseLocks } from './adjust-databases.ts';
import { checkRestore } from './check-restore.ts';
import type { CheckOptions, CheckedRestore } from './check-restore.ts';
import { forgetRoutes } from './forget-routes.ts';
import { openProgress } from './restore-progress.ts';
import type { RestoreProgress } from './restore-progress.ts';
import { restoreTenant } from './restore-tenant.ts';
import { readApplications } from './restored-applications.ts';
import type { RestoredApplication } from './restored-applications.ts';

/** The role that the provisioner has on the tenants' server. */
const administrator = 'authsome_tenants';

export interface LoadOptions extends CheckOptions {
  /** As the tenants' server's administrator. */
  tenantsAdminUrl: string;
  box: SecretBox;
  redis: Redis;
  binDir?: string | undefined;
  log: Log;
}

export interface LoadedRestore {
  runId: string;
  applications: { id: string; tier: 'shared' | 'dedicated'; loaded: boolean }[];
}

/** For the platform's own databases: the locale of a server's template is that of its image. */
const platformDatabase = `encoding 'UTF8' template template0`;

/**
 * Loads a backup into a platform whose services are paused: the shared server's tenants first, then the state of the stacks, and the control
 * database last, at one stroke. Until then the platform is what it was; one that is killed goes on where it was when it is called again.
 *
 * @throws RestoreRefusedError, LockTakenError, and MightyRolesError where a role has got rights that it must not have
 */
export function loadRestore(options: LoadOptions, stopping: AbortSignal): Promise<LoadedRestore> {
  return withLock(
    options.adminUrl,
    (signal) =>
      withClient(databaseUrl(options.adminUrl, 'postgres'), async (admin) => {
        const progress = await openProgress(admin, options.request.runId);
        return load(options, { progress, checked: await checkRestore(options, progress), signal });
      }),
    stopping,
  );
}

interface LoadRun {
  progress: RestoreProgress;
  checked: CheckedRestore;
  signal: AbortSignal;
}

async function load(options: LoadOptions, { progress, checked, signal }: LoadRun): Promise<LoadedRestore> {
  const { adminUrl, target, binDir, box, redis, log, request } = options;
  const { control, state, manifest, tenants } = checked;
  const own = { adminUrl, target, binDir, signal, createAs: platformDatabase };
  if (progress.has(control.name)) {
    log.info({ runId: request.runId }, 'The databases are restored already');
  } else {
    const draftUrl = await loadDraft({ ...own, name: control.name, owner: 'authsome_control', dump: control });
    const applications = await readApplications(draftUrl, box);
    await loadTenants(options, { applications, progress, checked, signal });
    if (!progress.has(state.name)) {
      const stateUrl = await loadDraft({ ...own, name: state.name, owner: 'authsome_state', dump: state });
      await withClient(stateUrl, releaseLocks);
      await putDraftInPlace(adminUrl, state.name, (client) => progress.note(state.name, client));
      log.info({ database: state.name }, 'Database is restored');
    }
    await withClient(draftUrl, (client) => adjustControl(client, manifest));
    signal.throwIfAborted();
    // What is in its place and not noted would be taken for a platform with applications of its own.
    await putDraftInPlace(adminUrl, control.name, (client) => progress.note(control.name, client));
    log.info({ database: control.name }, 'Database is restored');
  }
  for (const { name } of [state, control]) await dropReplaced(adminUrl, name);
  if (!progress.has('routes')) {
    await forgetRoutes(redis);
    await progress.note('routes');
  }
  const restored = await readApplications(databaseUrl(adminUrl, control.name), box);
  const failed = ({ name }: GoodDump): boolean => progress.has(failureOf(name)) && !progress.has(name);
  const dumped = new Set(tenants.filter((dump) => !failed(dump)).map(({ applicationId }) => applicationId));
  return {
    runId: request.runId,
    applications: restored.map(({ id, tier }) => ({ id, tier, loaded: dumped.has(id) })),
  };
}

/** Item of the progress. */
const failureOf = (database: string): string => `failed ${database}`;

/** A partial restore does without a dump that can't be loaded: what one tenant has in its database must not keep the others from theirs. */
async function loadTenants(
  { tenantsAdminUrl, target, binDir, log, request }: LoadOptions,
  { applications, progress, checked, signal }: LoadRun & { applications: RestoredApplication[] },
): Promise<void> {
  const dumps = new Map(checked.tenants.filter(({ tier }) => tier === 'shared').map((dump) => [dump.applicationId, dump]));
  const shared = applications.filter(({ tier, id }) => tier === 'shared' && dumps.has(id));
  for (const [index, { id, login }] of shared.entries()) {
    signal.throwIfAborted();
    const dump = dumps.get(id);
    // One that never was active has nothing in it, and its stack makes it.
    if (dump === undefined || login === null || progress.has(dump.name)) continue;
    const createAs = `template authsome_template`;
    try {
      await restoreTenant({ adminUrl: tenantsAdminUrl, administrator, createAs, target, binDir, signal, login, dump });
    } catch (err) {
      if (err instanceof MightyRolesError || signal.aborted || !request.partial) throw err;
      log.error({ err, database: dump.name }, 'Database could not be restored');
      await progress.note(failureOf(dump.name));
      continue;
    }
    await progress.note(dump.name);
    log.info({ database: dump.name, done: index + 1, total: shared.length }, 'Database is restored');
  }
}
