import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { endProcesses, identify, isAlive, processesWithEnv } from '../../../toolchain/cluster/process-table.ts';

test('a process is found by a variable of its environment, and ended', async (t) => {
  const child = spawn('sleep', ['60'], { env: { ...process.env, AUTHSOME_TEST_MARK: t.title } });
  await once(child, 'spawn');
  const found = await processesWithEnv('AUTHSOME_TEST_MARK', t.title);
  t.deepEqual(
    found.map(({ pid }) => pid),
    [child.pid],
  );
  await endProcesses(found, 1_000);
  t.false(await isAlive(found[0] ?? { pid: 0, startTicks: '' }));
});

test('a process that ignores SIGTERM is killed after the grace time', async (t) => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const identity = await identify(child.pid ?? 0);
  await endProcesses(identity === undefined ? [] : [identity], 200);
  t.is(child.signalCode ?? (await once(child, 'exit'))[1], 'SIGKILL');
});

test('a process id that went to somebody else is not taken for the old process', async (t) => {
  const own = await identify(process.pid);
  t.true(own !== undefined && (await isAlive(own)));
  t.false(await isAlive({ pid: process.pid, startTicks: '1' }));
});
