import type { Redis } from 'ioredis';
import { routeKey } from '../../shared/routes/route.ts';
import { removeRoute } from '../../shared/routes/route-store.ts';
import type { Place } from './inventory.ts';
import { thingOf, thingsNamed } from './things.ts';

/** Keys looked at by one SCAN. */
const scanCount = 500;
const prefix = routeKey('');

/** Routes in Redis. Proxies that have one in their own cache are told of its removal. */
export function routePlace(redis: Redis): Place {
  return {
    kinds: ['route'],
    expected: (appId) => [thingOf('route', appId)],
    find: async (appId) => ((await redis.exists(routeKey(appId))) === 1 ? [thingOf('route', appId)] : []),
    async *list() {
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}app_*`, 'COUNT', scanCount);
        yield thingsNamed(
          'route',
          keys.map((key) => key.slice(prefix.length)),
        );
        cursor = next;
      } while (cursor !== '0');
    },
    remove: ({ appId }) => removeRoute(redis, appId),
  };
}
