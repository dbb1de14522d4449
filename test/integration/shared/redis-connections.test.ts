import test from 'ava';
import { createLog } from '../../../services/shared/log.ts';
import { createRedis } from '../../../services/shared/redis.ts';
import { serviceUrl } from '../../support/service-url.ts';
import { startRelay } from '../../support/start-relay.ts';
import { waitFor } from '../../support/wait-for.ts';

const log = createLog({ name: 'test', level: 'silent' });
/** Above the 5 s that a command may take. */
const patienceMs = 8_000;

test('a command to a server that accepts connections and says nothing fails in time', async (t) => {
  const mute = await startRelay();
  const redis = createRedis(mute.url.replace('tcp:', 'redis:'), { log });
  t.teardown(() => (redis.disconnect(), mute.close()));
  const startedAt = performance.now();
  await t.throwsAsync(redis.get('key'));
  t.true(performance.now() - startedAt < patienceMs);
});

test('a connection on which the server falls silent is replaced', async (t) => {
  const relay = await startRelay(serviceUrl('TEST_REDIS_URL'));
  const redis = createRedis(relay.url, { log });
  t.teardown(() => (redis.disconnect(), relay.close()));
  t.is(await redis.ping(), 'PONG');
  relay.silence();
  const startedAt = performance.now();
  await t.throwsAsync(redis.get('key'));
  t.true(performance.now() - startedAt < patienceMs);
  relay.restore();
  t.is(await waitFor('a new connection', () => redis.ping().catch(() => undefined)), 'PONG');
  t.true(relay.connections() > 1);
});

test('a connection that the server ends is replaced, and a subscription with it', async (t) => {
  const [redis, admin] = [createRedis(serviceUrl('TEST_REDIS_URL'), { log }), createRedis(serviceUrl('TEST_REDIS_URL'), { log })];
  t.teardown(() => [redis, admin].forEach((client) => client.disconnect()));
  await redis.subscribe('channel-of-redis-connections');
  const back = new Promise((resolve) => redis.once('ready', resolve));
  const clients = (await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string;
  const [, id] = /id=(\d+) (?=.*\bsub=1\b)/.exec(clients) ?? [];
  t.is(await admin.client('KILL', 'ID', id ?? ''), 1);
  await back;
  const message = new Promise((resolve) => redis.once('message', (_channel, text) => resolve(text)));
  while ((await admin.publish('channel-of-redis-connections', 'hello')) === 0);
  t.is(await message, 'hello');
});
