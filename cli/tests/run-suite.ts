import { runSuiteProcess } from './suite-process.ts';
import { trackUnfinishedFiles } from './unfinished-files.ts';

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
  /** Without a line of output it is ended as one that hangs; if left out, only `timeoutMs` counts. */
  stallMs?: number;
  /** Between SIGTERM and SIGKILL for what hangs; 10 s if left out. */
  graceMs?: number;
  /** A test suite that speaks TAP is counted test by test; a check is one test, passed when it exits 0. */
  output: 'tap' | 'check';
}

/**
 * Runs one suite, showing each test as it ends and the whole report of those that failed. A suite that makes no progress is ended, named with
 * the files that were under way, and counts as failed.
 */
export async function runSuite(suite: SuiteCommand, say: (line: string) => void = console.log): Promise<SuiteResult> {
  say(`\n${suite.name}`);
  const startedAt = performance.now();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const checkOutput: string[] = [];
  let lastTest: string | undefined;
  const unfinished = await trackUnfinishedFiles();
  const end = await runSuiteProcess({
    ...suite,
    env: { ...suite.env, AUTHSOME_TEST_PROGRESS: unfinished.folder },
    onLine: (line) => {
      if (suite.output === 'check') checkOutput.push(line);
      else lastTest = countLine(line, counts, say) ?? lastTest;
    },
    onCut: async (why) => {
      const limitMs = why === 'stall' ? suite.stallMs : suite.timeoutMs;
      say(`  ✘ ${suite.name} ${why === 'stall' ? 'made no progress for' : 'took more than'} ${Number(limitMs) / 1_000} s and is ended`);
      for (const file of await unfinished.list()) say(`    unfinished: ${file}`);
      if (lastTest !== undefined) say(`    last test that ended: ${lastTest}`);
      counts.failed += 1;
    },
  });
  await unfinished.remove();
  const bad = end.exitCode !== 0;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  if (suite.output === 'check') {
    if (bad) say(checkOutput.join('\n'));
    if (end.cut === undefined) counts[bad ? 'failed' : 'passed'] += 1;
  } else if (bad && counts.failed === 0) {
    // It ended badly without a failed test: nothing that it counted can be trusted to be all.
    say(`  ✘ ${suite.name} ended with ${end.exitCode === undefined ? 'a signal' : `exit code ${end.exitCode}`}`);
    counts.failed += 1;
  } else if (!bad && counts.passed === 0) {
    say(`  ✘ ${suite.name} ran no test`);
    counts.failed += 1;
  }
  say(`  ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''} in ${seconds} s`);
  return { name: suite.name, ...counts, seconds };
}

/** Returns the title of a test that ended. TAP: `ok 1 - title`, `not ok 2 - title`, `ok 3 - title # SKIP`; everything else belongs to the test before it. */
function countLine(
  line: string,
  counts: { passed: number; failed: number; skipped: number },
  say: (line: string) => void,
): string | undefined {
  const result = /^(not )?ok \d+ - (.*)$/.exec(line);
  if (result === null) {
    if (!/^(TAP version|\d+\.\.\d+|#|\s*$)/.test(line)) say(`    ${line}`);
    return undefined;
  }
  const [, failed, told = ''] = result;
  const [title = '', directive] = told.split(/\s# (?=SKIP|TODO)/, 2);
  const outcome = directive !== undefined ? 'skipped' : failed === undefined ? 'passed' : 'failed';
  counts[outcome] += 1;
  say(`  ${{ passed: '✔', failed: '✘', skipped: '–' }[outcome]} ${title}`);
  return title;
}
