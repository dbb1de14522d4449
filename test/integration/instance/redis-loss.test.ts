import test from 'ava';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance();
});
test.after.always(() => instance?.stop());

test.serial('a session is stored in Redis too', async (t) => {
  const { token } = await signUp(instance, 'cached@example.com');
  t.is(await instance.redis.exists(`auth:${hashToken(token)}`), 1);
});

test.serial('a session outlives a Redis that lost everything', async (t) => {
  const { token } = await signUp(instance, 'flushed@example.com');
  await instance.redis.flushdb();
  t.is((await instance.call('/auth/session', { session: token })).status, 200);
});

test.serial('a session that is in PostgreSQL alone can be signed out', async (t) => {
  const { token } = await signUp(instance, 'flushed-signout@example.com');
  await instance.redis.flushdb();
  t.is((await instance.call('/auth/signout', { method: 'POST', session: token })).status, 204);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
});

test.serial('without Redis, sign-up, sign-in and sessions go on', async (t) => {
  await withoutRedis(async () => {
    const { token } = await signUp(instance, 'no-redis@example.com');
    t.is((await instance.call('/auth/session', { session: token })).status, 200);
    t.is((await instance.call('/ready')).status, 200);
  });
});

test.serial('a sign-out that Redis missed is not undone when it returns', async (t) => {
  const { token } = await signUp(instance, 'missed@example.com');
  await withoutRedis(async () => {
    t.is((await instance.call('/auth/signout', { method: 'POST', session: token })).status, 204);
    t.is((await instance.call('/auth/session', { session: token })).status, 401);
  });
  t.is(await instance.redis.exists(`auth:${hashToken(token)}`), 1);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  t.is(await instance.redis.exists(`auth:${hashToken(token)}`), 0);
});

async function withoutRedis(work: () => Promise<void>): Promise<void> {
  instance.instanceRedis.disconnect();
  try {
    await work();
  } finally {
    await instance.instanceRedis.connect();
  }
}
