import type { Log } from '../../services/shared/log.ts';
import type { Route } from '../../services/shared/routes/route.ts';
import type { SecretBox } from '../../services/shared/secret-box.ts';

/** A route with its instance's token opened, once per load and not per request. */
export interface ResolvedRoute {
  route: Route;
  /** Null before the first provisioning, and where it can't be opened. */
  instanceToken: string | null;
}

export function resolveToken(route: Route, secretBox: SecretBox, log: Log): ResolvedRoute {
  if (route.sealedInstanceToken === null) return { route, instanceToken: null };
  try {
    return { route, instanceToken: secretBox.open(route.sealedInstanceToken, route.appId) };
  } catch (err) {
    log.error({ err, appId: route.appId }, 'Instance token can not be opened: is the encryption key the right one?');
    return { route, instanceToken: null };
  }
}
