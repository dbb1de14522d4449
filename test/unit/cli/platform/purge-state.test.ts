import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { CliContext } from '../../../../cli/context.ts';
import { isPurgeUnfinished, removeState } from '../../../../cli/platform/purge-state.ts';
import { runScript } from '../../../support/run-script.ts';

const stateFiles = 300;

function checkout(t: ExecutionContext) {
  const repoRoot = mkdtempSync(path.join(tmpdir(), 'authsome-purge-'));
  t.teardown(() => rmSync(repoRoot, { recursive: true, force: true }));
  const stateDir = path.join(repoRoot, '.authsome');
  const [state, volumes] = [path.join(stateDir, 'platform-state'), path.join(stateDir, 'volumes')];
  for (const folder of [state, volumes, path.join(repoRoot, 'stacks'), path.join(stateDir, 'cluster')])
    mkdirSync(folder, { recursive: true });
  for (let index = 0; index < stateFiles; index += 1) writeFileSync(path.join(state, `${index}.json`), '{}');
  const secrets = [path.join(stateDir, 'platform-passphrase'), path.join(repoRoot, 'stacks', 'Pulumi.local.yaml')];
  for (const file of [...secrets, path.join(stateDir, 'command.lock')]) writeFileSync(file, '');
  const context = {
    paths: { repoRoot, stateDir } as CliContext['paths'],
    cluster: { dir: path.join(stateDir, 'cluster'), volumes } as CliContext['cluster'],
  };
  /** A state is of use only with its passphrase and its salt. */
  const isWhole = (): boolean => secrets.every((file) => existsSync(file)) && readdirSync(state).length === stateFiles;
  return { context, stateDir, isWhole };
}

test('a purge removes everything but the lock that its command holds', async (t) => {
  const { context, stateDir } = checkout(t);
  await removeState(context);
  t.deepEqual(readdirSync(stateDir), ['command.lock']);
  t.deepEqual(readdirSync(path.join(context.paths.repoRoot, 'stacks')), []);
  t.false(await isPurgeUnfinished(context));
});

test('a purge that is killed at any moment leaves a whole state, or says that it is unfinished and is finished by the next command', async (t) => {
  const killedAfter = async (delayMs: number): Promise<void> => {
    const { context, stateDir, isWhole } = checkout(t);
    const { child, line, ended } = runScript(`
      import { removeState } from '@/cli/platform/purge-state.ts';
      console.log('begins');
      await removeState(${JSON.stringify(context)});
    `);
    await line();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill('SIGKILL');
    await ended;
    const gone = readdirSync(stateDir).join() === 'command.lock';
    t.true((await isPurgeUnfinished(context)) || isWhole() || gone, readdirSync(stateDir).join());
    await removeState(context);
    t.deepEqual(readdirSync(stateDir), ['command.lock']);
  };
  await Promise.all([0, 2, 8, 30].map(killedAfter));
});
