import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { judgeCommand } from '../../faults/cli/judge-command.ts';
import type { CommandFacts } from '../../faults/cli/judge-command.ts';
import { planEachVictimOnce, planStrikes, strikeNames, victimNames } from '../../faults/cli/plan-strikes.ts';
import type { PlannedStrike, StrikeName } from '../../faults/cli/plan-strikes.ts';
import { readTraces } from '../../faults/cli/read-traces.ts';
import { runVictim } from '../../faults/cli/run-victim.ts';

test('every command is struck in every way, as often as there are runs, and the same seed plans the same', (t) => {
  const planned = planStrikes({ seed: 7, runs: 2 });
  t.is(planned.length, victimNames.length * strikeNames.length * 2);
  for (const victim of victimNames)
    for (const strike of strikeNames) t.is(planned.filter((one) => one.victim === victim && one.strike === strike).length, 2);
  t.deepEqual(planStrikes({ seed: 7, runs: 2 }), planned);
  t.notDeepEqual(planStrikes({ seed: 8, runs: 2 }), planned);
  t.true(planned.every(({ delayMs }) => delayMs >= 700 && delayMs < 20_000));
});

test('in CI each command is struck once, each in another way, and up with its engine', (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const planned = planEachVictimOnce(seed);
    t.deepEqual(
      planned.map(({ victim }) => victim),
      [...victimNames],
    );
    t.is(new Set(planned.map(({ strike }) => strike)).size, victimNames.length);
    t.is(planned[0]?.strike, 'kill-all');
  }
});

/** Stands for the command line: it says that it works, and ends as that does. */
const fakeCommand = `
  const stop = (code) => process.exit(code);
  let asked = 0;
  process.on('SIGINT', () => { asked += 1; process.stdout.write('asked ' + asked + '\\n'); if (asked === 2 || process.argv[1] === 'gentle') setTimeout(() => stop(130), 100); });
  process.stdout.on('error', () => undefined);
  setInterval(() => process.stdout.write('working\\n'), 20);
  setTimeout(() => stop(0), process.argv[1] === 'stubborn' ? 60000 : 2500);
`;

const strike = (t: ExecutionContext, name: StrikeName | undefined, kind = 'gentle', timeoutMs = 20_000) => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'authsome-victim-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  return runVictim({
    ...{ file: process.execPath, args: ['-e', fakeCommand, kind], cwd: stateDir, env: process.env, stateDir, timeoutMs },
    strike: name === undefined ? undefined : { name, delayMs: 500 },
  });
};

test('each strike does to a command what it says', async (t) => {
  const [kill, killAll, interrupt, twice, close, none] = await Promise.all([
    strike(t, 'kill'),
    strike(t, 'kill-all'),
    strike(t, 'interrupt'),
    strike(t, 'interrupt-twice', 'stubborn'),
    strike(t, 'close-output'),
    strike(t, undefined),
  ]);
  t.like(kill, { struck: true, signal: 'SIGKILL' });
  t.like(killAll, { struck: true, signal: 'SIGKILL' });
  t.like(interrupt, { struck: true, exitCode: 130 });
  t.regex(interrupt.output, /asked 1\n/);
  t.like(twice, { struck: true, exitCode: 130 });
  t.regex(twice.output, /asked 2\n/);
  t.like(close, { struck: true, exitCode: 0 });
  t.like(none, { struck: false, exitCode: 0 });
});

test('a strike that comes too late counts for nothing, and a command that does not end is killed', async (t) => {
  const file = process.execPath;
  const over = await runVictim({
    ...{ file, args: ['-e', ''], cwd: '/', env: process.env, stateDir: '/nowhere', timeoutMs: 20_000 },
    strike: { name: 'kill', delayMs: 1_500 },
  });
  t.like(over, { struck: false, exitCode: 0 });
  await t.throwsAsync(strike(t, 'interrupt', 'stubborn', 1_500), { message: /did not end within 1.5 s/ });
});

test('what a command left behind is found', async (t) => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'authsome-traces-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  t.deepEqual(await readTraces(stateDir), { strays: [], locks: [], pending: 0, leftovers: [] });
  const state = path.join(stateDir, 'platform-state', '.pulumi');
  mkdirSync(path.join(state, 'locks/organization/p/local'), { recursive: true });
  mkdirSync(path.join(state, 'stacks/p'), { recursive: true });
  writeFileSync(path.join(state, 'locks/organization/p/local/a.json'), '{}');
  writeFileSync(
    path.join(state, 'stacks/p/local.json'),
    JSON.stringify({ version: 3, checkpoint: { latest: { pending_operations: [{}, {}] } } }),
  );
  writeFileSync(path.join(stateDir, 'purge-begun'), '');
  const { locks, ...found } = await readTraces(stateDir);
  t.deepEqual(found, { strays: [], pending: 2, leftovers: ['purge-begun'] });
  t.is(locks.length, 1);
});

const ended = { struck: false, exitCode: 0, signal: null, output: '', stdout: '' };
const planned: PlannedStrike = { number: 1, victim: 'up', strike: 'kill-all', delayMs: 1_000 };
const well = (change: Partial<CommandFacts> = {}): CommandFacts => ({
  ...{ struck: { ...ended, struck: true, exitCode: null, signal: 'SIGKILL' }, again: ended, lastUp: ended, changed: [], unhealthy: [] },
  traces: { strays: [], locks: [], pending: 0, leftovers: [] },
  ...change,
});

test('a command that was recovered has no problems', (t) => {
  t.deepEqual(judgeCommand(planned, well()), []);
  t.deepEqual(judgeCommand({ ...planned, strike: 'interrupt' }, well({ struck: { ...ended, struck: true, exitCode: 130 } })), []);
});

const problem = test.macro((t, change: Partial<CommandFacts>, expected: RegExp, strikeName: StrikeName = 'kill-all') => {
  t.regex(judgeCommand({ ...planned, strike: strikeName }, well(change)).join('\n'), expected);
});
const traces = well().traces;
test(
  'a command that fails when it is run again',
  problem,
  { again: { ...ended, exitCode: 1, output: 'is locked' } },
  /up again: exit code 1: is locked/,
);
test('a platform that is not as it was', problem, { changed: ['platform stack (1 create)'] }, /still had to change platform stack/);
test('a last up that fails', problem, { lastUp: { ...ended, exitCode: 1 }, changed: undefined }, /the last up: exit code 1/);
test('a part that is not healthy', problem, { unhealthy: ['customer API (does not answer)'] }, /customer API .* is not healthy/);
test('a status that does not answer', problem, { unhealthy: undefined }, /status does not answer/);
test('a process that is left', problem, { traces: { ...traces, strays: [7] } }, /process 7 is left/);
test('a lock that is left', problem, { traces: { ...traces, locks: ['a.json'] } }, /a lock is left/);
test('an operation without an end', problem, { traces: { ...traces, pending: 2 } }, /2 operations/);
test('a marker that is left', problem, { traces: { ...traces, leftovers: ['purge-begun'] } }, /purge-begun is left/);
test(
  'an exit code that says nothing of Ctrl-C',
  problem,
  { struck: { ...ended, struck: true, exitCode: 1 } },
  /ended with exit code 1 after interrupt/,
  'interrupt',
);
test(
  'a command that a closed output ends',
  problem,
  { struck: { ...ended, struck: true, exitCode: 1 } },
  /after close-output/,
  'close-output',
);
