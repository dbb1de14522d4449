import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { killDescendants } from '../../../stacks/kill-descendants.ts';
import { killStrays, strayMarker } from '../../../stacks/kill-strays.ts';

/** Runs until it is killed; tells when it is there, as its environment can be read only then. */
async function startProcess(environment: Record<string, string>): Promise<{ ended: Promise<unknown[]>; kill: () => void }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], { env: environment });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return { ended, kill: () => child.kill('SIGKILL') };
}

test('what a dead operation of a stack left running is killed, and nothing of another stack', async (t) => {
  const stray = await startProcess({ [strayMarker]: 'app-straytest1' });
  const other = await startProcess({ [strayMarker]: 'app-straytest10' });
  t.teardown(other.kill);
  t.is(await killStrays('app-straytest1'), 1);
  t.deepEqual(await stray.ended, [null, 'SIGKILL']);
  t.is(await killStrays('app-straytest1'), 0);
  t.is(await killStrays('app-straytest10'), 1);
});

test('every process below this one is killed, whatever its process group', async (t) => {
  const parent = spawn('sh', ['-c', 'setsid sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(parent, 'exit');
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const grandchild = Number(line.toString());
  await killDescendants(parent.pid);
  await ended;
  t.throws(() => process.kill(grandchild, 0), { code: 'ESRCH' });
});
