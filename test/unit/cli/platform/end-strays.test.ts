import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { CliContext } from '../../../../cli/context.ts';
import { endStrays, engineMarker } from '../../../../cli/platform/end-strays.ts';
import { runScript } from '../../../support/run-script.ts';

test('what a killed command left running of its engine is ended, and nothing of another checkout’s', async (t) => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'authsome-strays-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  const context = { paths: { stateDir } as CliContext['paths'] };
  const start = (dir: string) =>
    runScript(`console.log('up'); setInterval(() => {}, 1000);`, { detached: true, env: { [engineMarker]: dir } });
  const [stray, other] = [start(stateDir), start(`${stateDir}-other`)];
  t.teardown(() => other.child.kill('SIGKILL'));
  await Promise.all([stray.line(), other.line()]);
  t.is(await endStrays(context, () => undefined), 1);
  t.is((await stray.ended).signal, 'SIGKILL');
  t.is(other.child.exitCode, null);
  t.is(await endStrays(context, () => undefined), 0);
});
