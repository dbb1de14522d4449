import test from 'ava';
import type { Redis } from 'ioredis';
import { createSessionCache } from '../../../services/instance/auth/session-cache.ts';
import { createLog } from '../../../services/shared/log.ts';

/** A Redis that holds what it is told, and fails when told to. */
function fakeRedis() {
  const data = new Map<string, string>();
  const state = { status: 'ready', failing: false, data };
  const run = <T>(work: () => T): Promise<T> => (state.failing ? Promise.reject(new Error('down')) : Promise.resolve(work()));
  const redis = {
    get status() {
      return state.status;
    },
    get: (key: string) => run(() => data.get(key) ?? null),
    set: (key: string, value: string) => run(() => void data.set(key, value)),
    del: (key: string) => run(() => Number(data.delete(key))),
    flushdb: () => run(() => data.clear()),
  };
  const cache = createSessionCache({ redis: redis as unknown as Redis, log: createLog({ name: 'test', level: 'silent' }) });
  return { state, cache };
}

test('what is set is read, until it is deleted', async (t) => {
  const { cache } = fakeRedis();
  await cache.set('token', 'session', 60);
  t.is(await cache.get('token'), 'session');
  await cache.delete('token');
  t.is(await cache.get('token'), null);
});

test('a Redis that fails, or is not connected, reads as empty', async (t) => {
  const { cache, state } = fakeRedis();
  await cache.set('token', 'session', 60);
  state.failing = true;
  t.is(await cache.get('token'), null);
  state.failing = false;
  state.status = 'reconnecting';
  t.is(await cache.get('token'), null);
  state.status = 'ready';
  t.is(await cache.get('token'), 'session');
});

for (const what of ['failing', 'not connected'] as const) {
  test(`after a change that a ${what} Redis missed, it is emptied before it is read`, async (t) => {
    const { cache, state } = fakeRedis();
    await cache.set('revoked', 'session', 60);
    if (what === 'failing') state.failing = true;
    else state.status = 'reconnecting';
    await t.notThrowsAsync(async () => cache.delete('revoked'));
    t.is(await cache.get('revoked'), null);
    state.failing = false;
    state.status = 'ready';
    t.is(await cache.get('revoked'), null);
    t.is(state.data.size, 0);
    await cache.set('new', 'session', 60);
    t.is(await cache.get('new'), 'session');
  });
}
