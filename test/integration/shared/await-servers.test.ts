import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { awaitServers } from '../../../services/shared/db/await-servers.ts';
import { freePort } from '../../support/free-port.ts';

test('a task waits for servers that can be reached a little later', async (t) => {
  const port = await freePort();
  const server = createServer((socket) => socket.end());
  t.teardown(() => void server.close());
  const waiting = awaitServers({ urls: [`postgres://u:p@127.0.0.1:${port}/a`, `postgres://u:p@127.0.0.1:${port}/b`] });
  await delay(100);
  t.is(await Promise.race([waiting.then(() => 'done'), delay(50, 'waiting')]), 'waiting');
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await t.notThrowsAsync(waiting);
});

test('a server that stays away is named, and no password with it', async (t) => {
  const port = await freePort();
  const error = await t.throwsAsync(awaitServers({ urls: [`postgres://u:hunter2@127.0.0.1:${port}/a`], timeoutMs: 300 }));
  t.is(error.message, `127.0.0.1:${port} can't be reached`);
  t.regex(String(error.cause), /ECONNREFUSED/);
});
