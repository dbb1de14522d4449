import type { Redis } from 'ioredis';
import type { Log } from '../../services/shared/log.ts';
import { routeInvalidationChannel } from '../../services/shared/routes/route.ts';
import type { RouteCache } from './route-cache.ts';

interface SubscribeOptions {
  /** A connection of its own: a subscribed one can do nothing else. */
  subscriber: Redis;
  cache: RouteCache;
  log: Log;
}

/** A peer that vanished without a FIN or RST (a node lost, a firewall) is noticed after at most two of these. */
const heartbeatMs = 5_000;

/**
 * Keeps the cache in step with the stores: drops the route that a message names, and everything whenever messages may have been missed,
 * which is when the connection is lost and once more when it is back.
 *
 * @returns ends the subscription
 */
export function subscribeInvalidations({ subscriber, cache, log }: SubscribeOptions): () => void {
  const lost = (): void => {
    cache.setPushed(false);
    cache.flush();
  };
  const subscribe = async (): Promise<void> => {
    try {
      await subscriber.subscribe(routeInvalidationChannel);
      cache.flush();
      cache.setPushed(true);
    } catch (err) {
      log.warn({ err }, 'Subscription to route changes failed');
      subscriber.disconnect(true);
    }
  };

  subscriber.on('message', (_channel: string, appId: string) => cache.invalidate(appId));
  subscriber.on('ready', () => void subscribe());
  subscriber.on('close', lost);
  if (subscriber.status === 'ready') void subscribe();

  const stopHeartbeat = startHeartbeat(subscriber, log);
  return () => {
    stopHeartbeat();
    subscriber.disconnect();
  };
}

function startHeartbeat(subscriber: Redis, log: Log): () => void {
  let waiting = false;
  const timer = setInterval(() => {
    if (subscriber.status !== 'ready') return;
    if (waiting) {
      waiting = false;
      log.warn('Subscription to route changes is silent, connecting anew');
      subscriber.disconnect(true);
      return;
    }
    waiting = true;
    subscriber.ping().then(
      () => {
        waiting = false;
      },
      () => {
        waiting = false;
      },
    );
  }, heartbeatMs);
  timer.unref();
  return () => clearInterval(timer);
}
