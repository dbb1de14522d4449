import test from 'ava';
import { createRouteCache } from '../../../proxy/routes/route-cache.ts';
import type { RouteCache } from '../../../proxy/routes/route-cache.ts';
import { AppError } from '../../../services/shared/errors.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { Route } from '../../../services/shared/routes/route.ts';
import { makeRoute } from './make-route.ts';

type Reader = (appId: string) => Promise<Route | null>;

interface SetUp {
  cache: RouteCache;
  clock: { now: number };
  stores: { redis: Reader; database: Reader };
  reads: { redis: number; database: number };
}

const down: Reader = () => Promise.reject(new Error('down'));
const nothing: Reader = () => Promise.resolve(null);
const holds =
  (route: Partial<Route>): Reader =>
  () =>
    Promise.resolve(makeRoute(route));

function setUp({ redis = nothing, database = nothing }: Partial<SetUp['stores']> = {}): SetUp {
  const clock = { now: 0 };
  const stores = { redis, database };
  const reads = { redis: 0, database: 0 };
  const cache = createRouteCache({
    source: {
      readRedis: (appId) => {
        reads.redis += 1;
        return stores.redis(appId);
      },
      readDatabase: (appId) => {
        reads.database += 1;
        return stores.database(appId);
      },
    },
    resolve: (route) => ({ route, instanceToken: 'token' }),
    now: () => clock.now,
    log: createLog({ name: 'test', level: 'silent' }),
    limits: { maxUnknown: 3, maxLoads: 5 },
  });
  cache.setPushed(true);
  return { cache, clock, stores, reads };
}

/** A store that answers when the test says so. */
function manual(): { reader: Reader; answer: (route: Route | null) => void } {
  const { promise, resolve } = Promise.withResolvers<Route | null>();
  return { reader: () => promise, answer: resolve };
}

test('many requests for one route load it once, and it is kept', async (t) => {
  const { cache, reads } = setUp({ redis: holds({}) });
  await Promise.all(Array.from({ length: 100 }, () => cache.get('app_abc123')));
  await cache.get('app_abc123');
  t.deepEqual(reads, { redis: 1, database: 0 });
});

test('what Redis has lost, or can’t tell, comes from PostgreSQL', async (t) => {
  for (const redis of [nothing, down]) {
    const { cache } = setUp({ redis, database: holds({ revision: 7 }) });
    t.is((await cache.get('app_abc123'))?.route.revision, 7);
  }
});

test('an invalidated route is loaded anew', async (t) => {
  const { cache, stores } = setUp({ redis: holds({ revision: 1 }) });
  await cache.get('app_abc123');
  stores.redis = holds({ revision: 2, status: 'suspended' });
  t.is((await cache.get('app_abc123'))?.route.revision, 1);
  cache.invalidate('app_abc123');
  t.is((await cache.get('app_abc123'))?.route.status, 'suspended');
});

test('a load that an invalidation overtakes is not kept', async (t) => {
  const before = manual();
  const { cache, stores } = setUp({ redis: before.reader });
  const early = cache.get('app_abc123');
  cache.invalidate('app_abc123');
  stores.redis = holds({ revision: 2 });
  t.is((await cache.get('app_abc123'))?.route.revision, 2);
  before.answer(makeRoute({ revision: 1 }));
  t.is((await early)?.route.revision, 1);
  t.is((await cache.get('app_abc123'))?.route.revision, 2);
});

test('a flush loads every route anew', async (t) => {
  const { cache, reads } = setUp({ redis: holds({}) });
  await cache.get('app_abc123');
  cache.flush();
  await cache.get('app_abc123');
  t.is(reads.redis, 2);
});

test('an unknown application is remembered for a moment only', async (t) => {
  const { cache, clock, stores, reads } = setUp();
  t.is(await cache.get('app_unknown1'), null);
  t.is(await cache.get('app_unknown1'), null);
  t.is(reads.database, 1);
  clock.now += 3_000;
  stores.redis = holds({ appId: 'app_unknown1' });
  t.truthy(await cache.get('app_unknown1'));
});

test('an application that appears is served at once', async (t) => {
  const { cache, stores } = setUp();
  await cache.get('app_abc123');
  stores.redis = holds({});
  cache.invalidate('app_abc123');
  t.truthy(await cache.get('app_abc123'));
});

test('guessed ids push no route out, and are themselves bounded', async (t) => {
  const { cache, reads, stores } = setUp({ redis: holds({}) });
  await cache.get('app_abc123');
  stores.redis = nothing;
  for (let i = 0; i < 10; i += 1) await cache.get(`app_guess${i}`);
  const before = reads.redis;
  await cache.get('app_abc123');
  t.is(reads.redis, before);
  await cache.get('app_guess0');
  t.is(reads.redis, before + 1);
});

test('more loads at once than the bound are refused', async (t) => {
  const { cache } = setUp({ redis: () => new Promise(() => {}) });
  for (let i = 0; i < 5; i += 1) void cache.get(`app_guess${i}`);
  const err = await t.throwsAsync(cache.get('app_guess5'), { instanceOf: AppError });
  t.is(err?.code, 'service_unavailable');
});

test('a guessed id costs a look again once what was found has expired, and is charged for it', async (t) => {
  const { cache, clock, reads } = setUp({});
  await cache.get('app_guess1');
  t.true(cache.knows('app_guess1'));
  clock.now += 3_000;
  t.false(cache.knows('app_guess1'));
  await cache.get('app_guess1');
  t.is(reads.database, 2);
});

test('while somebody guesses ids faster than the stores answer, known routes are served', async (t) => {
  const { cache, clock, stores } = setUp({ redis: holds({ revision: 1 }) });
  await cache.get('app_abc123');
  clock.now += 60_000;
  stores.redis = () => new Promise(() => undefined);
  for (let i = 0; i < 5; i += 1) void cache.get(`app_guess${i}`);
  t.is((await cache.get('app_abc123'))?.route.revision, 1);
});

test('when Redis and PostgreSQL are down, known routes go on and are soon asked for again', async (t) => {
  const { cache, clock, stores } = setUp({ redis: holds({ revision: 1 }) });
  await cache.get('app_abc123');
  stores.redis = down;
  stores.database = down;
  clock.now += 60_000;
  t.is((await cache.get('app_abc123'))?.route.revision, 1);
  cache.flush();
  t.is((await cache.get('app_abc123'))?.route.revision, 1);
  stores.redis = holds({ revision: 2 });
  clock.now += 1_000;
  t.is((await cache.get('app_abc123'))?.route.revision, 2);
});

test('when Redis and PostgreSQL are down, an unknown route answers 503 and is not taken for a missing one', async (t) => {
  const { cache, stores } = setUp({ redis: down, database: down });
  t.is((await t.throwsAsync(cache.get('app_abc123'), { instanceOf: AppError }))?.status, 503);
  stores.redis = holds({});
  t.truthy(await cache.get('app_abc123'));
});

test('a route that is known to have changed is not served from memory', async (t) => {
  const { cache, stores } = setUp({ redis: holds({}) });
  await cache.get('app_abc123');
  cache.invalidate('app_abc123');
  stores.redis = down;
  stores.database = down;
  await t.throwsAsync(cache.get('app_abc123'), { instanceOf: AppError });
});

test('a Redis that came back with an older route does not undo a newer one', async (t) => {
  const { cache, clock, stores } = setUp({ redis: holds({ revision: 5, status: 'suspended' }) });
  await cache.get('app_abc123');
  stores.redis = holds({ revision: 4 });
  stores.database = holds({ revision: 5, status: 'suspended' });
  clock.now += 60_000;
  t.is((await cache.get('app_abc123'))?.route.status, 'suspended');
});

test('while no changes are pushed, a route is kept for a moment only', async (t) => {
  const { cache, clock, reads } = setUp({ redis: holds({}) });
  cache.setPushed(false);
  await cache.get('app_abc123');
  clock.now += 1_999;
  await cache.get('app_abc123');
  t.is(reads.redis, 1);
  clock.now += 1;
  await cache.get('app_abc123');
  t.is(reads.redis, 2);
});
