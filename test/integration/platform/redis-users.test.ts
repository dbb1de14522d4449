import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Redis } from 'ioredis';
import { redisConfiguration, redisUsers } from '../../../platform/redis-configuration.ts';
import type { RedisUser } from '../../../platform/redis-configuration.ts';
import { createRateLimit } from '../../../services/control-api/limits/rate-limit.ts';
import { forgetRoutes } from '../../../services/backup/restore/forget-routes.ts';
import { routePlace } from '../../../services/provisioner/inventory/route-place.ts';
import { createLog } from '../../../services/shared/log.ts';
import { publishRoute, removeRoute } from '../../../services/shared/routes/route-store.ts';
import { routeInvalidationChannel, routeKey } from '../../../services/shared/routes/route.ts';
import type { Route } from '../../../services/shared/routes/route.ts';
import { startChildServer } from '../../support/child-server.ts';
import type { ChildServer } from '../../support/child-server.ts';
import { freePort } from '../../support/free-port.ts';
import { redisClient } from '../../support/redis-client.ts';
import { makeServerDirectory } from '../../support/local-services.ts';

// A real server with the platform's configuration; only its folder and port are others.
const directory = makeServerDirectory();
const passwords = Object.fromEntries(redisUsers.map((user) => [user, `password-of-${user}`])) as Record<RedisUser, string>;
const refused = { message: /NOPERM/ };
const route: Route = {
  ...{ version: 1, appId: 'app_abcdef', revision: 1, status: 'active', plan: 'free', environment: 'production', region: 'us-east-1' },
  ...{ internalUrl: null, sealedInstanceToken: null, keys: [], allowedOrigins: null },
};

let port: number;
let server: ChildServer;
test.before(async () => {
  port = await freePort();
  const data = join(directory, 'redis');
  mkdirSync(data, { recursive: true });
  const file = join(directory, 'redis.conf');
  writeFileSync(
    file,
    redisConfiguration(passwords).replace('dir /data', `dir ${data}\nport ${port}`).replace('bind * -::*', 'bind 127.0.0.1'),
  );
  server = await startChildServer({
    command: 'redis-server',
    args: [file],
    probe: async () => {
      const redis = connect('proxy');
      await redis.ping().finally(() => redis.disconnect());
    },
  });
});
test.after.always(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function connect(user: RedisUser | undefined, password = user && passwords[user]): Redis {
  const login = user === undefined ? {} : { username: user, password: password ?? '' };
  return redisClient(`redis://127.0.0.1:${port}`, { ...login, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: 2_000 });
}
function as(t: ExecutionContext, user: RedisUser | undefined, password?: string): Redis {
  const redis = connect(user, password);
  t.teardown(() => redis.disconnect());
  return redis;
}
const log = createLog({ name: 'test', level: 'silent' });

test('nobody is let in without a name, or with another’s password', async (t) => {
  await t.throwsAsync(as(t, undefined).get('route:app_abcdef'));
  await t.throwsAsync(as(t, 'proxy', passwords['control-api']).get('route:app_abcdef'));
});

test('the control API publishes routes, counts its limits and guesses, and reads or changes nothing else', async (t) => {
  const redis = as(t, 'control-api');
  const proxy = as(t, 'proxy');
  const heard = new Promise((resolve) => proxy.on('message', (_channel, appId) => appId === 'app_abcdef' && resolve(appId)));
  await proxy.subscribe(routeInvalidationChannel);
  t.true(await publishRoute(redis, route));
  t.is(await heard, 'app_abcdef');
  const limit = createRateLimit({ redis, log, name: 'logins', limit: 1, windowSeconds: 60 });
  await limit.count('x');
  await t.throwsAsync(limit.count('x'), { message: /./ });
  await redis.set('guard:account:x', '1', 'PX', 1_000);
  await redis.multi().incr('guard:client:y').pexpire('guard:client:y', 1_000).zadd('guard:z', 1, 'a').hset('guard:h', 'a', '1').exec();
  await t.throwsAsync(redis.get('other'), refused);
  await t.throwsAsync(redis.eval("return redis.call('SET', 'other', '1')", 0), { message: /NOPERM|can't access/ });
  await t.throwsAsync(redis.publish('other', 'x'), refused);
});

test('the proxy reads routes and listens, and changes nothing', async (t) => {
  const redis = as(t, 'proxy');
  await publishRoute(as(t, 'control-api'), { ...route, appId: 'app_read00' });
  t.regex((await redis.get(routeKey('app_read00'))) ?? '', /app_read00/);
  await t.throwsAsync(redis.set(routeKey('app_read00'), 'x'), refused);
  await t.throwsAsync(redis.del(routeKey('app_read00')), refused);
  await t.throwsAsync(redis.publish(routeInvalidationChannel, 'app_read00'), refused);
  await t.throwsAsync(redis.eval('return 1', 0), refused);
  await t.throwsAsync(redis.get('limit:logins:x'), refused);
  await t.throwsAsync(redis.get('guard:account:x'), refused);
  await t.throwsAsync(redis.scan(0), refused);
  await t.throwsAsync(redis.psubscribe('*'), refused);
});

test('the provisioner publishes, lists and removes routes, and sees no limits', async (t) => {
  const redis = as(t, 'provisioner');
  t.true(await publishRoute(redis, { ...route, appId: 'app_place0' }));
  const place = routePlace(redis);
  t.is((await place.find('app_place0')).length, 1);
  const listed = [];
  for await (const page of place.list()) listed.push(...page);
  t.true(listed.some(({ appId }) => appId === 'app_place0'));
  await removeRoute(redis, 'app_place0');
  t.is((await place.find('app_place0')).length, 0);
  await t.throwsAsync(redis.get('guard:account:x'), refused);
  await t.throwsAsync(redis.del('limit:logins:x'), refused);
});

test('a restore forgets routes', async (t) => {
  const redis = as(t, 'restore');
  await publishRoute(as(t, 'control-api'), { ...route, appId: 'app_forget' });
  await forgetRoutes(redis);
  t.is(await as(t, 'proxy').get(routeKey('app_forget')), null);
  await t.throwsAsync(redis.get(routeKey('app_forget')), refused);
});

for (const user of redisUsers)
  test(`${user} neither configures, stops, empties nor watches the server`, async (t) => {
    const redis = as(t, user);
    t.is(await redis.ping(), 'PONG');
    for (const command of [
      ...[['config', 'get', '*'], ['config', 'set', 'dir', '/tmp'], ['shutdown'], ['flushall'], ['flushdb'], ['keys', '*'], ['monitor']],
      ...[
        ['script', 'kill'],
        ['script', 'flush'],
        ['function', 'flush'],
        ['acl', 'list'],
        ['acl', 'setuser', 'x'],
      ],
      ...[['replicaof', 'no', 'one'], ['module', 'list'], ['client', 'list'], ['client', 'kill', 'type', 'normal'], ['save'], ['bgsave']],
      ...[['slowlog', 'get'], ['latency', 'reset'], ['swapdb', '0', '1'], ['migrate', '127.0.0.1', '1', 'k', '0', '1'], ['randomkey']],
      ['blpop', 'route:x', '1'],
    ] as [string, ...string[]][])
      await t.throwsAsync(redis.call(...command), refused, `${user} ${command.join(' ')}`);
  });

test('the configuration holds no password', (t) => {
  for (const password of Object.values(passwords)) t.false(redisConfiguration(passwords).includes(password));
});
