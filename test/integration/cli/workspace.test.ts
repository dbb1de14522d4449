import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { createApplication } from '../../support/application-requests.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { runCli } from './run-cli.ts';
import { startCliTarget } from './start-cli-target.ts';
import type { CliTarget } from './start-cli-target.ts';

const operatorToken = randomBytes(32).toString('base64url');
let target: CliTarget;
let owner: OwnerClient;
let directory: string;
let env: Record<string, string>;
test.before(async () => {
  target = await startCliTarget({ operatorToken });
  ({ owner, directory } = target);
  env = { ...target.env, AUTHSOME_TOKEN: target.owner.token };
});
test.after.always(() => target.close());

const create = async (name: string) => (await runCli(['workspace', 'create', name], env)).json as { id: string; plan: string };

test('a workspace is made on the free plan, and listed', async (t) => {
  const { id, plan } = await create('Listed');
  t.is(plan, 'free');
  const { json } = await runCli(['workspace', 'list'], env);
  t.like(
    (json as { id: string }[]).find((workspace) => workspace.id === id),
    { name: 'Listed', plan: 'free', role: 'owner' },
  );
});

test('a workspace is deleted with the time until which it can be restored, listed as that, and restored', async (t) => {
  const { id } = await create('Deleted');
  const deleted = await runCli(['workspace', 'delete', id], env);
  t.is(deleted.exitCode, 0, deleted.all);
  const { destroyAfter } = deleted.json as { destroyAfter: string };
  t.true(Date.parse(destroyAfter) > Date.now() + 29 * 24 * 3_600_000);
  const listed = async (...args: string[]) =>
    ((await runCli(['workspace', 'list', ...args], env)).json as { id: string }[]).some((workspace) => workspace.id === id);
  t.deepEqual([await listed(), await listed('--deleted')], [false, true]);

  const restored = await runCli(['workspace', 'restore', id], env);
  t.is(restored.exitCode, 0, restored.all);
  t.deepEqual([await listed(), await listed('--deleted')], [true, false]);
  const again = await runCli(['workspace', 'restore', id], env);
  t.is(again.exitCode, 1);
  t.regex(again.all, /404 not_found/);
});

test('set-plan puts a workspace on a plan with the operator’s token from the environment', async (t) => {
  const { id } = await create('On a plan');
  const { body: application } = await createApplication(owner, id);
  const { exitCode, json, all } = await runCli(['workspace', 'set-plan', id, 'pro'], { ...env, AUTHSOME_OPERATOR_TOKEN: operatorToken });
  t.is(exitCode, 0, all);
  t.deepEqual(json, { id, name: 'On a plan', plan: 'pro', previousPlan: 'free', updating: [application.id] });
  t.false(all.includes(operatorToken));
});

test('set-plan reads the operator’s token from the Secret of the control API in the cluster', async (t) => {
  const { id } = await create('From the cluster');
  const programs = mkdtempSync(path.join(directory, 'bin-'));
  const asked = path.join(programs, 'asked');
  const kubectl = path.join(programs, 'kubectl');
  writeFileSync(kubectl, `#!/bin/sh\necho "$@" > ${asked}\nprintf %s ${Buffer.from(operatorToken).toString('base64')}\n`);
  chmodSync(kubectl, 0o755);
  const kubeconfig = path.join(programs, 'kubeconfig');
  const cluster = { ...env, PATH: `${programs}:${process.env.PATH ?? ''}`, KUBECONFIG: kubeconfig };
  const { exitCode, json, all } = await runCli(['workspace', 'set-plan', id, 'enterprise'], cluster);
  t.is(exitCode, 0, all);
  t.like(json, { id, plan: 'enterprise' });
  t.false(all.includes(operatorToken));
  const args = readFileSync(asked, 'utf8');
  t.true(args.includes(`--kubeconfig ${kubeconfig}`));
  t.regex(args, /--namespace authsome-system get secret control-api --output jsonpath=\{\.data\.OPERATOR_TOKEN\}/);
});

test('set-plan tells an unknown plan, and a wrong token, as the control API does', async (t) => {
  const { id } = await create('Refused');
  const unknown = await runCli(['workspace', 'set-plan', id, 'gold'], { ...env, AUTHSOME_OPERATOR_TOKEN: operatorToken });
  t.is(unknown.exitCode, 1);
  t.regex(unknown.all, /400 invalid_request.*plan/);
  const wrong = await runCli(['workspace', 'set-plan', id, 'pro'], { ...env, AUTHSOME_OPERATOR_TOKEN: 'x'.repeat(40) });
  t.is(wrong.exitCode, 1);
  t.regex(wrong.all, /401 unauthorized/);
});
