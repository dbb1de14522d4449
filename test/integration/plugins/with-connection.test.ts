import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { withConnection } from '../../../toolchain/plugins/postgresql/with-connection.ts';
import type { ServerConfig } from '../../../toolchain/plugins/postgresql/server-config.ts';
import { freePort } from '../../support/free-port.ts';
import { databaseUrl } from '../../support/test-database.ts';

const server = new URL(databaseUrl('postgres'));

function serverAt(port: number, changes: Partial<ServerConfig> = {}): ServerConfig {
  return {
    host: '127.0.0.1',
    port,
    database: 'postgres',
    username: server.username,
    password: server.password,
    sslMode: 'disable',
    sslRootCert: undefined,
    connectTimeoutMs: 20_000,
    ...changes,
  };
}

const context = { signal: new AbortController().signal, timeoutMs: 30_000 };

test('a server that is there a moment later is waited for', async (t) => {
  const port = await freePort();
  const relay = createServer((socket) => {
    const upstream = connect(Number(server.port), server.hostname);
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
  });
  t.teardown(() => relay.close());
  const answer = withConnection(
    { config: serverAt(port), context },
    async (client) => (await client.query<{ one: number }>('select 1 as one')).rows,
  );
  await delay(700);
  relay.listen(port, '127.0.0.1');
  t.deepEqual(await answer, [{ one: 1 }]);
});

test('a server that stays away fails within the time for connecting, by name and without a password', async (t) => {
  const startedAt = performance.now();
  const error = await t.throwsAsync(
    withConnection({ config: serverAt(await freePort(), { connectTimeoutMs: 500 }), context }, () => Promise.resolve()),
    { message: /^PostgreSQL 127\.0\.0\.1:\d+, database postgres, as .*ECONNREFUSED/ },
  );
  t.true(performance.now() - startedAt < 5_000);
  t.false(error.message.includes(server.password));
});

test('a server that never says a word is given up, and a cancellation does not wait for it', async (t) => {
  const mute = createServer(() => undefined);
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.teardown(() => mute.close());
  const { port } = mute.address() as AddressInfo;
  await t.throwsAsync(withConnection({ config: serverAt(port, { connectTimeoutMs: 300 }), context }, () => Promise.resolve()));
  const cancelled = new AbortController();
  const waiting = withConnection({ config: serverAt(port), context: { ...context, signal: cancelled.signal } }, () => Promise.resolve());
  setTimeout(() => cancelled.abort(), 100);
  const startedAt = performance.now();
  await t.throwsAsync(waiting);
  t.true(performance.now() - startedAt < 5_000);
});

test('a wrong password is not tried again', async (t) => {
  const startedAt = performance.now();
  await t.throwsAsync(
    withConnection({ config: serverAt(Number(server.port), { password: 'wrong' }), context }, () => Promise.resolve()),
    { message: /password authentication failed/ },
  );
  t.true(performance.now() - startedAt < 5_000);
});
