import { setTimeout as delay } from 'node:timers/promises';
import { forEachAtOnce } from '../for-each-at-once.ts';
import { databaseUrl, withClient } from '../postgres/server.ts';
import { withLock } from '../with-lock.ts';
import { checkRestore } from './check-restore.ts';
import type { LoadOptions } from './load-restore.ts';
import { noteFinished, openProgress } from './restore-progress.ts';
import { restoreTenant, tenantLocale } from './restore-tenant.ts';
import { readApplications } from './restored-applications.ts';

export type FinishOptions = Omit<LoadOptions, 'tenantsAdminUrl' | 'redis'> & {
  /** For a server of a tenant's own to answer, once its stack makes it. */
  serverWaitMs?: number;
};

export interface FinishedRestore {
  runId: string;
  databases: { applicationId: string; error: string | null }[];
}

const defaultServerWaitMs = 15 * 60_000;
const pauseMs = 2_000;
const serversAtOnce = 4;

/**
 * The second half, once the services run again and make the tenants' stacks: databases on servers of tenants' own are loaded as soon as these
 * answer. One that can't be loaded does not keep the others from it; where all are, the restore is finished.
 *
 * @throws Error where the first half is not done
 */
export function finishRestore(options: FinishOptions, stopping: AbortSignal): Promise<FinishedRestore> {
  return withLock(
    options.adminUrl,
    (signal) => withClient(databaseUrl(options.adminUrl, 'postgres'), (admin) => finish(options, { admin, signal })),
    stopping,
  );
}

async function finish(
  options: FinishOptions,
  { admin, signal }: { admin: Parameters<typeof openProgress>[0]; signal: AbortSignal },
): Promise<FinishedRestore> {
  const { adminUrl, box, target, binDir, log, request } = options;
  const progress = await openProgress(admin, request.runId);
  const { control, tenants } = await checkRestore(options, progress);
  if (!progress.has(control.name)) throw new Error(`${request.runId} is not loaded yet`);
  const applications = await readApplications(databaseUrl(adminUrl, control.name), box);
  const dedicated = tenants.filter(({ tier }) => tier === 'dedicated');
  const outcomes: FinishedRestore['databases'] = [];
  await forEachAtOnce(dedicated, serversAtOnce, async (dump) => {
    const application = applications.find(({ id }) => id === dump.applicationId);
    if (application === undefined || progress.has(dump.name)) return;
    const { id, login, adminUrl: serverUrl } = application;
    try {
      if (login === null || serverUrl === null) throw new Error('the login of its server is not known');
      await waitForServer(serverUrl, options.serverWaitMs ?? defaultServerWaitMs, signal);
      const createAs = `template template0 ${tenantLocale}`;
      await restoreTenant({ adminUrl: serverUrl, createAs, target, binDir, signal, login, dump });
      await progress.note(dump.name);
      outcomes.push({ applicationId: id, error: null });
      log.info({ database: dump.name }, 'Database is restored');
    } catch (err) {
      signal.throwIfAborted();
      log.error({ err, database: dump.name }, 'Database could not be restored');
      outcomes.push({ applicationId: id, error: err instanceof Error ? err.message : String(err) });
    }
  });
  if (outcomes.every(({ error }) => error === null)) await noteFinished(progress);
  return { runId: request.runId, databases: outcomes };
}

async function waitForServer(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await withClient(databaseUrl(url, 'postgres'), (client) => client.query('select 1'));
      return;
    } catch (cause) {
      if (Date.now() >= deadline) throw new Error(`its server did not answer within ${timeoutMs / 1000} s`, { cause });
      await delay(pauseMs, undefined, { signal });
    }
  }
}
