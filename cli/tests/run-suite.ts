import { createInterface } from 'node:readline';
import { execa } from 'execa';

export interface SuiteResult {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

export interface SuiteCommand {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  timeoutMs: number;
  /** A test suite that speaks TAP is counted test by test; a check is one test, passed when it exits 0. */
  output: 'tap' | 'check';
}

/** Runs one suite, showing each test as it ends and the whole report of those that failed. */
export async function runSuite(suite: SuiteCommand): Promise<SuiteResult> {
  console.log(`\n${suite.name}`);
  const startedAt = performance.now();
  const child = execa(suite.command, suite.args, {
    env: { ...suite.env, FORCE_COLOR: '0' },
    timeout: suite.timeoutMs,
    forceKillAfterDelay: 10_000,
    stdin: 'ignore',
    reject: false,
    buffer: false,
    all: true,
  });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const checkOutput: string[] = [];
  for await (const line of createInterface({ input: child.all })) {
    if (suite.output === 'check') checkOutput.push(line);
    else countLine(line, counts);
  }
  const result = await child;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  if (suite.output === 'check') {
    if (result.failed) console.log(checkOutput.join('\n'));
    counts[result.failed ? 'failed' : 'passed'] += 1;
  } else if (result.failed && counts.failed === 0) {
    // It ended badly without a failed test: nothing that it counted can be trusted to be all.
    console.log(`  ✘ ${suite.name} ended with ${result.timedOut ? 'a timeout' : `exit code ${String(result.exitCode)}`}`);
    counts.failed += 1;
  } else if (!result.failed && counts.passed === 0) {
    console.log(`  ✘ ${suite.name} ran no test`);
    counts.failed += 1;
  }
  console.log(
    `  ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''} in ${seconds} s`,
  );
  return { name: suite.name, ...counts, seconds };
}

/** TAP: `ok 1 - title`, `not ok 2 - title`, `ok 3 - title # SKIP`; everything else belongs to the test before it. */
function countLine(line: string, counts: { passed: number; failed: number; skipped: number }): void {
  const result = /^(not )?ok \d+ - (.*)$/.exec(line);
  if (result === null) {
    if (!/^(TAP version|\d+\.\.\d+|#|\s*$)/.test(line)) console.log(`    ${line}`);
    return;
  }
  const [, failed, told = ''] = result;
  const [title = '', directive] = told.split(/\s# (?=SKIP|TODO)/, 2);
  const outcome = directive !== undefined ? 'skipped' : failed === undefined ? 'passed' : 'failed';
  counts[outcome] += 1;
  console.log(`  ${{ passed: '✔', failed: '✘', skipped: '–' }[outcome]} ${title}`);
}
