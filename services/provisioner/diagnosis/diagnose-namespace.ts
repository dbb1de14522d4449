import type { TenantNamespace } from '../cluster/tenant-namespaces.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Why a namespace that is being deleted is still there; undefined for one that is not being deleted. */
export function diagnoseNamespace({ name, deletedAt, finalizers, remaining }: TenantNamespace): Diagnosis | undefined {
  if (deletedAt === undefined) return undefined;
  const held = finalizers.filter((finalizer) => finalizer !== namespaceController);
  const reasons = [...remaining, ...(held.length > 0 ? [`Finalizers of the namespace itself: ${held.join(', ')}`] : [])];
  return {
    code: 'namespace_terminating',
    message: `The namespace ${name} has been ending since ${deletedAt.toISOString()}${reasons.length > 0 ? `: ${reasons.join(' ')}` : '.'}`,
    remedy:
      'Let go what the message names (its finalizers have no controller any more), or delete the application for good: then that is done for you.',
    retryable: true,
  };
}

/** In every namespace, and removed by the controller once nothing is left in it. */
const namespaceController = 'kubernetes';
