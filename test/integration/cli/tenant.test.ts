import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, selectApplication, settle } from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';
import { runCli } from './run-cli.ts';
import { startCliTarget } from './start-cli-target.ts';
import type { CliTarget } from './start-cli-target.ts';

let target: CliTarget;
let api: TestControlApi;
let owner: OwnerClient;
let directory: string;
let env: Record<string, string>;
test.before(async () => {
  target = await startCliTarget();
  ({ api, owner, directory } = target);
  env = { ...target.env, AUTHSOME_TOKEN: target.owner.token };
});
test.after.always(() => target.close());

const newApplication = async () => (await activeApplication(api, owner)).id;

const google = { clientId: 'id', clientSecret: 'hunter2' };

test('tenant update changes name and configuration, given as JSON or as a file', async (t) => {
  const id = await newApplication();
  const given = await runCli(['tenant', 'update', id, '--name', 'New', '--config', '{"mode":"saas"}', '--no-wait'], env);
  t.is(given.exitCode, 0, given.all);
  t.like(given.json, { id, name: 'New', status: 'updating', config: { mode: 'saas' } });

  const file = path.join(directory, 'config.json');
  writeFileSync(file, JSON.stringify({ socialProviders: { google } }));
  const fromFile = await runCli(['tenant', 'update', id, '--config', file, '--no-wait'], env);
  t.is(fromFile.exitCode, 0, fromFile.all);
  t.like(fromFile.json, { configuredSecrets: ['socialProviders.google.clientSecret'], config: { mode: 'saas' } });
  t.false(fromFile.all.includes('hunter2'));
});

test('tenant update waits until the application is active again', async (t) => {
  const id = await newApplication();
  const running = runCli(['tenant', 'update', id, '--config', '{"mode":"saas"}'], env);
  await waitFor('the change', async () => (await selectApplication(api.db, id)).status === 'updating');
  await settle(api.db, id);
  const { exitCode, json, all } = await running;
  t.is(exitCode, 0, all);
  t.like(json, { id, status: 'active', config: { mode: 'saas' } });
});

test('tenant update tells the reason of a failed update', async (t) => {
  const id = await newApplication();
  const running = runCli(['tenant', 'update', id, '--config', '{"mode":"saas"}'], env);
  await waitFor('the change', async () => (await selectApplication(api.db, id)).status === 'updating');
  await settle(api.db, id, { outcome: 'failed' });
  const { exitCode, all } = await running;
  t.is(exitCode, 1);
  t.regex(all, /pods_not_ready They are not\./);
});

test('a bad setting is told by its field', async (t) => {
  const { exitCode, all } = await runCli(['tenant', 'update', await newApplication(), '--config', '{"colour":"red"}'], env);
  t.is(exitCode, 1);
  t.regex(all, /config\.colour/);
});

test('a configuration that is no JSON is refused without being quoted', async (t) => {
  const id = await newApplication();
  const file = path.join(directory, 'broken.json');
  writeFileSync(file, '{"clientSecret": hunter2}');
  for (const config of ['{"clientSecret": hunter2}', file]) {
    const { exitCode, all } = await runCli(['tenant', 'update', id, '--config', config], env);
    t.is(exitCode, 1);
    t.regex(all, /is not valid JSON/);
    t.false(all.includes('hunter2'));
  }
});

test('an update of nothing is refused', async (t) => {
  const { exitCode, all } = await runCli(['tenant', 'update', await newApplication()], env);
  t.is(exitCode, 1);
  t.regex(all, /--name, --config or both/);
});

test('tenant create makes a slug of any name, and says what to do where it is taken', async (t) => {
  const own = { ...env, AUTHSOME_TOKEN: (await signUpOwner(api.url)).token };
  const create = (name: string, ...options: string[]) => runCli(['tenant', 'create', name, '--no-wait', ...options], own);
  const japanese = await create('日本語');
  t.is(japanese.exitCode, 0, japanese.all);
  t.regex((japanese.json as { slug: string }).slug, /^application-[0-9a-f]{8}$/);
  const long = await create('n'.repeat(80));
  t.is(long.exitCode, 0, long.all);
  t.is((long.json as { slug: string }).slug, 'n'.repeat(63));
  const again = await create('n'.repeat(80));
  t.is(again.exitCode, 1);
  t.regex(again.all, /made from the name: give another one with --slug/);
  const given = await create('Shop', '--slug', 'Not A Slug');
  t.is(given.exitCode, 1);
  t.false(given.all.includes('--slug'));
});

test('an id with the syntax of a path names nothing else', async (t) => {
  const { exitCode, all } = await runCli(['tenant', 'show', '../auth/me?x='], env);
  t.is(exitCode, 1);
  t.regex(all, /404 not_found/);
});

test('a configuration that is not UTF-8 is refused by the name of its file', async (t) => {
  const file = path.join(directory, 'latin1.json');
  writeFileSync(file, Buffer.from('{"email":{"from":"M\xfcller <a@b.example>"}}', 'latin1'));
  const { exitCode, all } = await runCli(['tenant', 'update', await newApplication(), '--config', file], env);
  t.is(exitCode, 1);
  t.regex(all, /latin1\.json must be valid UTF-8/);
});
