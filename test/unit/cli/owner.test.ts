import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { CliContext } from '../../../cli/context.ts';
import { accountClient } from '../../../cli/owner.ts';

/** A control API of a few lines: it counts logins, and knows one account and the tokens that it issued. */
async function start(t: ExecutionContext, { knowsOwner = true } = {}) {
  const directory = mkdtempSync(path.join(tmpdir(), 'authsome-owner-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const api = { logins: 0, signUps: 0, valid: new Set<string>(), seen: [] as string[] };
  const server = createServer((req, res) => {
    const answer = (status: number, body: unknown): void => void res.writeHead(status).end(JSON.stringify(body));
    const refuse = (): void => answer(401, { error: { code: 'unauthorized', message: 'no' } });
    const issue = (): void => {
      const token = `token-${api.logins + api.signUps}`;
      api.valid.add(token);
      answer(200, { token, user: { id: 'usr_1', email: 'owner@example.com' } });
    };
    if (req.url === '/control/v1/auth/login') {
      api.logins += 1;
      return knowsOwner ? issue() : refuse();
    }
    if (req.url === '/control/v1/auth/signup') {
      api.signUps += 1;
      return issue();
    }
    const token = req.headers.authorization?.replace('Bearer ', '') ?? '';
    api.seen.push(token);
    if (!api.valid.has(token)) return refuse();
    answer(200, { data: [], total: 0 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const command = (): Promise<unknown> => accountClient({ paths: { stateDir: directory } } as CliContext, url, {}).workspaces();
  return { api, command, file: path.join(directory, 'owner-sessions.json'), directory };
}

test('36 commands log in once: the session is kept, readable by its owner alone', async (t) => {
  const { api, command, file, directory } = await start(t);
  for (let count = 0; count < 36; count += 1) await command();
  t.is(api.logins, 1);
  for (const secret of [file, path.join(directory, 'owner.json')]) t.is(statSync(secret).mode & 0o777, 0o600, secret);
});

test('a session that the platform ended is renewed once, and the call is repeated', async (t) => {
  const { api, command } = await start(t);
  await command();
  api.valid.clear();
  await command();
  t.is(api.logins, 2);
  t.deepEqual(api.seen, ['token-1', 'token-1', 'token-2']);
});

test('a platform that refuses even a new session is not asked again', async (t) => {
  const { api, command } = await start(t);
  await command();
  api.valid.add = () => api.valid;
  api.valid.clear();
  await t.throwsAsync(command(), { message: /401 unauthorized/ });
  t.is(api.logins, 2);
});

test('a session of one platform is not sent to another', async (t) => {
  const first = await start(t);
  await first.command();
  const kept = JSON.parse(readFileSync(first.file, 'utf8')) as Record<string, string>;
  t.is(Object.keys(kept).length, 1);
  t.true(Object.keys(kept)[0]?.startsWith('http://127.0.0.1:'));
});

test('a platform that was purged does not know the account: it is made again, and its session kept', async (t) => {
  const { api, command } = await start(t, { knowsOwner: false });
  await command();
  await command();
  t.is(api.signUps, 1);
});
