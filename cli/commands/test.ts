import { delimiter, dirname } from 'node:path';
import { imagePackages } from '../../toolchain/images/apt-packages.ts';
import { ensureAptPackages, testPackages } from '../../toolchain/tools/apt-packages.ts';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import type { CliContext } from '../context.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { ensureTestTools, ensureTools } from '../platform/tools.ts';
import { printJson } from '../print.ts';
import { runSuite } from '../tests/run-suite.ts';
import type { SuiteCommand, SuiteResult } from '../tests/run-suite.ts';
import { withPlatform } from './with-platform.ts';

/** The last ones run on one platform, which is brought up for them once. */
const platformSuiteNames = ['acceptance', 'faults'] as const;
const suiteNames = ['lint', 'types', 'unit', 'integration', ...platformSuiteNames] as const;
type SuiteName = (typeof suiteNames)[number];
type PlatformSuiteName = (typeof platformSuiteNames)[number];

/**
 * `authsome test`: runs the suites, cheapest first, and ends with the line `N passed, N failed`. Integration tests get their own servers;
 * acceptance tests and faults use the platform of this checkout, and where it is down, bring it up for themselves and stop it again.
 *
 * @returns whether nothing failed
 */
export async function test(context: CliContext, requested: readonly string[]): Promise<boolean> {
  const unknown = requested.filter((name) => !suiteNames.includes(name as SuiteName));
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}; there are ${suiteNames.join(', ')}`);
  const results: SuiteResult[] = [];
  const wanted = suiteNames.filter((suite) => requested.length === 0 || requested.includes(suite));
  results.push(...(await runChecks(wanted)));
  if (wanted.includes('unit')) results.push(await runSuite(avaSuite('unit', {})));
  if (wanted.includes('integration')) results.push(await runSuite(await integrationSuite(context)));
  results.push(...(await runPlatformSuites(context, wanted.filter(needsPlatform))));
  const sum = (count: 'passed' | 'failed' | 'skipped'): number => results.reduce((total, result) => total + result[count], 0);
  if (context.json) printJson(results);
  else console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''}`);
  return sum('failed') === 0;
}

/** Side by side: eslint takes one core for a minute, prettier and tsc the other one in turn. Nothing in them depends on time. */
async function runChecks(wanted: readonly SuiteName[]): Promise<SuiteResult[]> {
  const lint = wanted.includes('lint');
  const [eslint, others] = await Promise.all([
    inTurn(lint ? [check('eslint', ['.'])] : []),
    inTurn([...(lint ? [check('prettier', ['--check', '.'])] : []), ...(wanted.includes('types') ? [check('tsc', ['--noEmit'])] : [])]),
  ]);
  return [...eslint, ...others];
}

/** What a check says is shown when it has ended, so that two do not talk at once. */
async function inTurn(checks: readonly SuiteCommand[]): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const one of checks) {
    const lines: string[] = [];
    results.push(await runSuite(one, (line) => lines.push(line)));
    console.log(lines.join('\n'));
  }
  return results;
}

function needsPlatform(name: string): name is PlatformSuiteName {
  return platformSuiteNames.some((platformSuite) => platformSuite === name);
}

async function runPlatformSuites(context: CliContext, names: readonly PlatformSuiteName[]): Promise<SuiteResult[]> {
  // Faults kill processes of the node, which only the local cluster lets this machine do.
  const possible = names.filter((name) => name !== 'faults' || context.kind === 'local');
  if (possible.length === 0) return [];
  return withPlatform(context, async (tools) => {
    const results: SuiteResult[] = [];
    for (const name of possible) results.push(await runSuite(name === 'faults' ? faultsSuite(context) : acceptanceSuite(context, tools)));
    return results;
  });
}

function check(tool: string, args: readonly string[]): SuiteCommand {
  return { name: tool, command: 'npx', args: ['--no-install', tool, ...args], timeoutMs: 600_000, output: 'check' };
}

/** AVA itself ends files in which no test ends for 2 minutes; this is for what it can't end. */
const stallMs = 180_000;
/** Single tests of the platform take up to 10 minutes. */
const platformStallMs = 660_000;

function avaSuite(
  name: 'unit' | 'integration' | PlatformSuiteName,
  env: Record<string, string>,
  flags: readonly string[] = [],
): SuiteCommand {
  return {
    name,
    command: 'npx',
    args: ['--no-install', 'ava', '--tap', ...flags, `test/${name}/**/*.test.ts`],
    env,
    timeoutMs: 1_500_000,
    stallMs: needsPlatform(name) ? platformStallMs : stallMs,
    output: 'tap',
  };
}

/** Under `with-services.ts`, which gives all test files the same servers; the Pulumi CLI is on PATH, as the tests of the plugins expect it, and so are promtool and amtool. */
async function integrationSuite(context: CliContext): Promise<SuiteCommand> {
  const say = (line: string): void => console.log(`  ${line}`);
  await ensureAptPackages([...testPackages, ...imagePackages], say);
  const tools = await ensureTools({ ...context, observability: true }, say);
  const testTools = await ensureTestTools(context, say);
  const suite = avaSuite('integration', {
    KUBE_SCORE_BIN: testTools.path('kube-score'),
    NATS_SERVER_BIN: tools.path('nats-server'),
    KUBERNETES_BIN_DIR: dirname(tools.path('kube-apiserver')),
    PATH: [...['pulumi', 'promtool'].map((tool) => dirname(tools.path(tool))), process.env['PATH']].join(delimiter),
  });
  return { ...suite, command: process.execPath, args: ['test/support/with-services.ts', '--', suite.command, ...suite.args] };
}

function acceptanceSuite(context: CliContext, tools: ToolBinaries): SuiteCommand {
  const urls = platformUrls(context);
  return avaSuite('acceptance', {
    ACCEPTANCE_CONTROL_URL: urls.control,
    ACCEPTANCE_CUSTOMER_URL: urls.customer,
    ACCEPTANCE_KUBECTL: tools.path('kubectl'),
    KUBECONFIG: context.kubeconfig,
  });
}

function faultsSuite(context: CliContext): SuiteCommand {
  // One file at a time: one of them stops the platform and brings it up again.
  return avaSuite('faults', { KUBECONFIG: context.kubeconfig }, ['--concurrency=1']);
}
