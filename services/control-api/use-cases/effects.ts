import type { Log } from '../../shared/log.ts';
import type { RouteRelay } from '../outbox/route-relay.ts';

/** What follows a commit. Neither may fail the request: the relays find what was missed. */
export interface Effects {
  /** A job was written. */
  jobCommitted(): void;
  /** Something that the application's route depends on was changed. */
  routeChanged(applicationId: string): Promise<void>;
  /** The same of many applications: the relay brings them, and the request does not wait for it. */
  routesChanged(): void;
}

interface EffectsOptions {
  wakeJobRelay: () => void;
  wakeRouteRelay: () => void;
  routes: RouteRelay;
  log: Log;
}

export function createEffects({ wakeJobRelay, wakeRouteRelay, routes, log }: EffectsOptions): Effects {
  return {
    jobCommitted: wakeJobRelay,
    routesChanged: wakeRouteRelay,
    async routeChanged(applicationId) {
      try {
        await routes.publish(applicationId);
      } catch (err) {
        log.warn({ err, appId: applicationId }, 'Route not published, the relay will');
      }
    },
  };
}
