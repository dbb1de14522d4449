import { appErrors } from '../../services/shared/errors.ts';
import type { ResolvedRoute } from '../routes/resolved-route.ts';

export interface Upstream {
  url: string;
  instanceToken: string;
}

/**
 * Where to forward to. An application that is being changed, or whose last change failed, goes on being served by the instance it has.
 *
 * @throws service_unavailable with the reason, not_found for one that is being deleted
 */
export function checkStatus({ route, instanceToken }: ResolvedRoute): Upstream {
  switch (route.status) {
    case 'suspended':
      throw appErrors.unavailable('suspended');
    case 'deleting':
    case 'deleted':
      throw appErrors.notFound('application');
    case 'provisioning':
      throw appErrors.unavailable('provisioning');
    case 'active':
    case 'updating':
    case 'restarting':
    case 'failed':
      if (route.internalUrl !== null && instanceToken !== null) return { url: route.internalUrl, instanceToken };
      throw appErrors.unavailable(route.status === 'failed' ? 'maintenance' : 'provisioning');
  }
}
