import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { runSuite } from '../../../cli/tests/run-suite.ts';
import type { SuiteCommand, SuiteResult } from '../../../cli/tests/run-suite.ts';

/** A suite in JavaScript, for node -e. */
const suiteOf = (program: string, changes: Partial<SuiteCommand> = {}): SuiteCommand => ({
  name: 'fake',
  command: process.execPath,
  args: ['-e', program],
  timeoutMs: 60_000,
  output: 'tap',
  ...changes,
});

async function run(suite: SuiteCommand): Promise<{ result: SuiteResult; said: string }> {
  const lines: string[] = [];
  const result = await runSuite(suite, (line) => lines.push(line));
  return { result, said: lines.join('\n') };
}

const passes = `console.log('ok 1 - a › first');`;
const stays = 'setInterval(() => undefined, 1_000);';
const begins = (file: string): string => `require('fs').writeFileSync(process.env.AUTHSOME_TEST_PROGRESS + '/' + process.pid, '${file}');`;

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('tests are counted as they end', async (t) => {
  const { result } = await run(suiteOf(`${passes} console.log('not ok 2 - b'); console.log('ok 3 - c # SKIP'); process.exitCode = 1;`));
  t.like(result, { passed: 1, failed: 1, skipped: 1 });
});

test('a suite that makes no progress is ended, fails, and names the file in which it hung and the last test that ended', async (t) => {
  const startedAt = performance.now();
  const { result, said } = await run(suiteOf(`${begins('test/x/hangs.test.ts')} ${passes} ${stays}`, { stallMs: 1_000 }));
  t.like(result, { passed: 1, failed: 1 });
  t.regex(said, /fake made no progress for 1 s and is ended\n\s+unfinished: test\/x\/hangs\.test\.ts\n\s+last test that ended: a › first/);
  t.true(performance.now() - startedAt < 20_000);
});

test('output is progress', async (t) => {
  const { result } = await run(
    suiteOf(`let n = 0; const i = setInterval(() => { console.log('ok ' + ++n + ' - t'); if (n === 8) clearInterval(i); }, 300);`, {
      stallMs: 2_000,
    }),
  );
  t.like(result, { passed: 8, failed: 0 });
});

test('a suite that takes longer than its time is ended and fails', async (t) => {
  const { result, said } = await run(suiteOf(`setInterval(() => console.log('ok 1 - t'), 100);`, { timeoutMs: 1_000 }));
  t.is(result.failed, 1);
  t.regex(said, /fake took more than 1 s and is ended/);
});

test('nothing of a suite that hangs is left: neither what ignores SIGTERM nor what moved to a session of its own', async (t) => {
  const stubborn = `process.on('SIGTERM', () => undefined); ${stays}`;
  const program = `
    const { spawn } = require('child_process');
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { detached: true, stdio: 'inherit' });
    console.log('# ' + child.pid);
    console.log('ok 1 - ' + child.pid);
    ${stubborn}`;
  const { result, said } = await run(suiteOf(program, { stallMs: 1_000, graceMs: 500 }));
  t.is(result.failed, 1);
  const pid = Number(/✔ (\d+)/.exec(said)?.[1]);
  t.true(pid > 0);
  for (let waits = 0; lives(pid) && waits < 50; waits += 1) await pause(100);
  t.false(lives(pid));
});

test('a suite that ends badly without a failed test fails, and so does one without a test', async (t) => {
  t.is((await run(suiteOf(`${passes} process.exit(3);`))).result.failed, 1);
  t.is((await run(suiteOf(''))).result.failed, 1);
});

test('a check that hangs counts as one failure', async (t) => {
  t.like((await run(suiteOf(stays, { output: 'check', timeoutMs: 500 }))).result, { passed: 0, failed: 1 });
});
