import type { Kysely } from 'kysely';
import { tenantNames } from '../../../../tenant-program/names.ts';
import type { Database, DriftChange } from '../../../shared/db/tables.ts';
import type { Log } from '../../../shared/log.ts';
import type { SecretBox } from '../../../shared/secret-box.ts';
import type { Cluster } from '../../cluster/connect-cluster.ts';
import { openSecrets } from '../../cluster/open-secrets.ts';
import { readNamespace } from '../../cluster/tenant-namespaces.ts';
import { describeError } from '../../describe-error.ts';
import type { Metrics } from '../../metrics.ts';
import { openSpecSource } from '../../open-spec-source.ts';
import type { ChildRunner } from '../../run-child.ts';
import type { RunningOperations, StopReason } from '../../running-operations.ts';
import { buildTenantSpec } from '../../tenant-settings.ts';
import type { TenantSettings } from '../../tenant-settings.ts';
import { countDrifted, findDueApplication, forgetDeleted, storeReport } from './drift-reports.ts';
import type { DueApplication, DriftFound } from './drift-reports.ts';

export interface DriftDependencies {
  db: Kysely<Database>;
  box: SecretBox;
  settings: TenantSettings;
  cluster: Cluster;
  /** Of the background: one at a time, and after everything else. */
  children: Pick<ChildRunner, 'findDrift'>;
  running: Pick<RunningOperations, 'list'>;
  metrics: Pick<Metrics, 'drifted'>;
  log: Log;
  /** Each application's turn comes once in this time, in milliseconds. */
  intervalMs: number;
}

/**
 * Looks at the application whose turn it is for changes that nobody made through its stack, while no operation runs in this process. What it
 * finds is only reported: a repair brings the stack back to its spec.
 *
 * @returns whether another's turn may have come already
 */
export async function checkDrift(deps: DriftDependencies, signal: AbortSignal): Promise<boolean> {
  const { db, running, metrics, log, intervalMs } = deps;
  await forgetDeleted(db);
  metrics.drifted.set(await countDrifted(db));
  if (running.list().length > 0) return false;
  const application = await findDueApplication(db, intervalMs);
  if (application === undefined) return false;

  const found = await look(deps, application, signal);
  // Stopped in the middle, it has found nothing: its turn comes again.
  if (signal.aborted) return false;
  const stored = await storeReport(db, application, found);
  const facts = { appId: application.source.id, generation: application.generation, changes: found.changes };
  if (stored && found.changes.length > 0) log.warn(facts, 'An application has drifted');
  if (found.error !== null) log.warn({ ...facts, error: found.error }, 'The look for drift failed');
  metrics.drifted.set(await countDrifted(db));
  // Without a report, its turn is not over, and at once it would be the next again.
  return stored;
}

async function look(
  { children, settings, box, cluster, log }: DriftDependencies,
  { source: sealed }: DueApplication,
  signal: AbortSignal,
): Promise<DriftFound> {
  const stop = new AbortController();
  // At once: a look holds no lock and has nothing to save.
  const onAbort = (): void => stop.abort('lease-lost' satisfies StopReason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const spec = buildTenantSpec(openSpecSource(sealed, { kind: 'up', box }), settings);
    const { systemNamespace } = settings.cluster;
    const opened = await openSecrets(cluster, { spec, systemNamespace, makeNamespace: false, signal: stop.signal });
    if (!opened && (await readNamespace(cluster, tenantNames(spec.appId).namespace)) === undefined)
      return { changes: [withoutNamespace], error: null };
    return {
      changes: await children.findDrift({ request: { kind: 'drift', spec, takeover: false }, stop: stop.signal, log }),
      error: null,
    };
  } catch (error) {
    return { changes: [], error: describeError(error) };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Of an application whose namespace is gone all else is gone too, and can't be looked at. */
const withoutNamespace: DriftChange = {
  change: 'create',
  resourceType: 'kubernetes:core/v1:Namespace',
  resourceName: 'namespace',
  fields: [],
};
