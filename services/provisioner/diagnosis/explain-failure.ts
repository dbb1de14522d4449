import type { Cluster } from '../cluster/connect-cluster.ts';
import { readNamespace } from '../cluster/tenant-namespaces.ts';
import type { Log } from '../../shared/log.ts';
import { tenantNames } from '../../../tenant-program/names.ts';
import { OperationError } from '../operation-error.ts';
import { diagnoseNamespace } from './diagnose-namespace.ts';
import { diagnosePods } from './diagnose-pods.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface FailureToExplain {
  cluster: Cluster;
  appId: string;
  kind: 'up' | 'destroy';
  error: OperationError;
  log: Log;
  /** How long to look, in milliseconds. */
  limitMs?: number;
}

/** What is no more than that something did not come in time, or was refused because its namespace goes. */
const vagueCodes: readonly string[] = [
  'pods_not_ready',
  'timeout',
  'phase_timeout',
  'deadline_exceeded',
  'namespace_terminating',
  'unknown',
];
/** A failed operation has to be written down before its lease runs out, whatever the cluster does. */
const defaultLimitMs = 4_000;
/** Of each list: an application has a handful of pods, and what fails again and again says the same each time. */
const listLimit = 100;

/**
 * Looks at the namespace of an operation that failed without saying why, and answers with the reason that is to be seen there. Best
 * effort: where there is none, or the cluster does not answer in time, it answers the error as it is.
 */
export async function explainFailure(failure: FailureToExplain): Promise<OperationError> {
  const { error, log, limitMs = defaultLimitMs } = failure;
  if (!vagueCodes.includes(error.code)) return error;
  let timer: NodeJS.Timeout | undefined;
  const timeOver = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, limitMs, undefined)));
  try {
    const diagnosis = await Promise.race([diagnose(failure), timeOver]);
    return diagnosis === undefined ? error : new OperationError({ ...diagnosis, unclean: error.unclean, cause: error });
  } catch (err) {
    log.warn({ err }, 'The reason of a failure could not be looked for');
    return error;
  } finally {
    clearTimeout(timer);
  }
}

async function diagnose({ cluster, appId, kind, error }: FailureToExplain): Promise<Diagnosis | undefined> {
  const { namespace } = tenantNames(appId);
  const found = await readNamespace(cluster, namespace);
  if (found === undefined) return undefined;
  const ending = diagnoseNamespace(found);
  // Of a destruction that is all that there is to say: its pods are meant to end.
  if (ending !== undefined || kind === 'destroy' || error.code === 'unknown') return ending;
  const [pods, events, claims] = await Promise.all([
    cluster.core.listNamespacedPod({ namespace, limit: listLimit }),
    cluster.core.listNamespacedEvent({ namespace, limit: listLimit, fieldSelector: 'type=Warning' }),
    cluster.core.listNamespacedPersistentVolumeClaim({ namespace, limit: listLimit }),
  ]);
  return diagnosePods({ pods: pods.items, events: events.items, claims: claims.items });
}
