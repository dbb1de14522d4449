import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { applyPlatform, destroyPlatform, ensureStack } from '../../../cli/platform/apply-platform.ts';
import { engineMarker } from '../../../cli/platform/end-strays.ts';
import { rememberCluster, rememberedCluster } from '../../../cli/platform/remembered-cluster.ts';
import { StackLockedError } from '../../../cli/platform/stack-lock.ts';
import { processesWithEnv } from '../../../toolchain/cluster/process-table.ts';
import { runScript } from '../../support/run-script.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createPlatformFixture } from './platform-run.ts';
import type { PlatformFixture } from './platform-run.ts';

const timeoutMs = 180_000;
let fixture: PlatformFixture;
test.before(async (t) => {
  t.timeout(timeoutMs);
  fixture = await createPlatformFixture();
});
test.after.always(() => fixture?.cleanUp());
test.beforeEach((t) => t.timeout(timeoutMs));

/** The engine as a command of its own runs it, in the middle of a run. */
async function commandInTheMiddle() {
  await fixture.setSlow(true);
  const { context, pulumi, kubectl, env } = fixture.run;
  const script = runScript(
    `
    import { applyPlatform } from '@/cli/platform/apply-platform.ts';
    import { runAction } from '@/cli/run-action.ts';
    const run = ${JSON.stringify({ context, pulumi, kubectl, env })};
    await runAction({ optsWithGlobals: () => ({}) }, async ({ interruption }) => {
      await applyPlatform({ ...run, context: { ...run.context, interruption }, say: () => undefined });
    });
  `,
    { detached: true, env: { AUTHSOME_STATE_DIR: context.paths.stateDir } },
  );
  await waitFor('the lock', async () => ((await fixture.locks()).length > 0 ? true : undefined));
  await waitFor('the first resource', async () => ((await state()).includes('::first') ? true : undefined));
  return script;
}

async function state(): Promise<string> {
  const { pulumi, env, context } = fixture.run;
  const child = spawn(pulumi, ['stack', 'export', '--stack', 'test'], { cwd: context.paths.repoRoot, env: { ...process.env, ...env } });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}

function engineProcesses() {
  return processesWithEnv(engineMarker, fixture.run.context.paths.stateDir);
}

async function isWell(t: { deepEqual: (actual: unknown, expected: unknown) => unknown }): Promise<void> {
  t.deepEqual(await engineProcesses(), []);
  t.deepEqual(await fixture.locks(), []);
  const again = await applyPlatform(fixture.run);
  t.deepEqual(Object.keys(again.changes), ['same']);
  t.deepEqual(again.drift, { recreated: [], putBack: [] });
}

test.serial('the stack is made, brought up, and a second time nothing has to change', async (t) => {
  await destroyPlatform(fixture.run);
  const { changes } = await applyPlatform(fixture.run);
  t.is(changes['create'], 3);
  await isWell(t);
});

test.serial('a command and its engine that were killed in the middle are taken over: no person has to remove a lock', async (t) => {
  await destroyPlatform(fixture.run);
  const { child, ended } = await commandInTheMiddle();
  const engine = await engineProcesses();
  child.kill('SIGKILL');
  for (const { pid } of engine) process.kill(pid, 'SIGKILL');
  await ended;
  t.is((await fixture.locks()).filter((name) => name.endsWith('.json')).length, 1);
  await fixture.setSlow(false);
  fixture.said.length = 0;
  await applyPlatform(fixture.run);
  t.regex(fixture.said.join('\n'), /taking over from pid \d+, which is dead/);
  await isWell(t);
});

test.serial('an engine that outlived its command is ended first, and its work goes on', async (t) => {
  await destroyPlatform(fixture.run);
  const { child, ended } = await commandInTheMiddle();
  child.kill('SIGKILL');
  await ended;
  await fixture.setSlow(false);
  fixture.said.length = 0;
  await applyPlatform(fixture.run);
  t.regex(fixture.said.join('\n'), /ending what a command left running/);
  await isWell(t);
});

test.serial('Ctrl-C once lets the engine write its state and give its lock back', async (t) => {
  await destroyPlatform(fixture.run);
  const { child, ended } = await commandInTheMiddle();
  // As a terminal does: to the whole process group.
  process.kill(-(child.pid ?? 0), 'SIGINT');
  const { code, stderr } = await ended;
  t.is(code, 130, stderr);
  await fixture.setSlow(false);
  t.deepEqual(await fixture.locks(), []);
  t.deepEqual(await engineProcesses(), []);
  await applyPlatform(fixture.run);
  await isWell(t);
});

test.serial('Ctrl-C twice ends the engine at once, and the next command recovers', async (t) => {
  await destroyPlatform(fixture.run);
  const { child, ended } = await commandInTheMiddle();
  const startedAt = performance.now();
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 20));
  // It may have ended after the first already.
  t.notThrows(() => child.kill('SIGINT'));
  t.is((await ended).code, 130);
  t.true(performance.now() - startedAt < 20_000);
  t.deepEqual(await engineProcesses(), []);
  await fixture.setSlow(false);
  await applyPlatform(fixture.run);
  await isWell(t);
});

test.serial('a run that is alive is named with its process, and nothing of it is touched', async (t) => {
  await fixture.setSlow(true);
  const { pulumi, env, context } = fixture.run;
  await ensureStack(fixture.run);
  const byHand = spawn(pulumi, ['up', '--yes', '--skip-preview', '--stack', 'test', '--non-interactive'], {
    ...{ cwd: context.paths.repoRoot, env: { ...process.env, ...env }, stdio: 'ignore' },
  });
  const ended = once(byHand, 'exit');
  await waitFor('the lock', async () => ((await fixture.locks()).length > 0 ? true : undefined));
  const error = await t.throwsAsync(applyPlatform(fixture.run), { instanceOf: StackLockedError });
  t.regex(error.message, new RegExp(`pid ${byHand.pid}\\) since .+, which is running`));
  t.is(byHand.exitCode, null);
  byHand.kill('SIGINT');
  await ended;
  await fixture.setSlow(false);
  await applyPlatform(fixture.run);
  await isWell(t);
});

test.serial('the state remembers its cluster, for everybody who shares it', async (t) => {
  await ensureStack(fixture.run);
  t.is(await rememberedCluster(fixture.run), undefined);
  const identity = { uid: '0f2f1a', server: 'https://10.77.0.1:16443' };
  await rememberCluster(fixture.run, identity);
  t.deepEqual(await rememberedCluster(fixture.run), identity);
  await destroyPlatform(fixture.run);
  t.is(await rememberedCluster(fixture.run), undefined);
});
