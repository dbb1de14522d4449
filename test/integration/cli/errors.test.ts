import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { runCli, runPlainCli } from './run-cli.ts';

let directory: string;
test.before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'authsome-cli-'));
});
test.after.always(() => rm(directory, { recursive: true, force: true }));

async function gateway(t: { teardown: (end: () => void) => void }): Promise<Record<string, string>> {
  const server = createServer((_req, res) => void res.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { HOME: directory, AUTHSOME_STATE_DIR: directory, AUTHSOME_CONTROL_URL: url, AUTHSOME_TOKEN: 'token' };
}

test('a gateway’s error page is reported in one sentence, with --json as JSON', async (t) => {
  const env = await gateway(t);
  const expected = `GET ${env['AUTHSOME_CONTROL_URL']}/control/v1/workspaces?pageSize=100&deleted=false: 502, not from the control API`;
  const plain = await runPlainCli(['tenant', 'list'], env);
  t.is(plain.exitCode, 1);
  t.is(plain.all.trim(), expected);
  const { exitCode, json } = await runCli(['tenant', 'list'], env);
  t.is(exitCode, 1);
  t.deepEqual(json, { error: { message: expected, code: 'not_the_control_api', status: 502 } });
});

for (const args of [
  ['tenant', 'show'],
  ['tenant', 'lst'],
  ['up', '--fast'],
  ['bench', 'nothing'],
])
  test(`with --json, ${args.join(' ')} is refused as JSON`, async (t) => {
    const { exitCode, json } = await runCli(args, { HOME: directory, AUTHSOME_STATE_DIR: directory });
    t.is(exitCode, 1);
    t.is(typeof (json as { error: { message: string } }).error.message, 'string');
  });
