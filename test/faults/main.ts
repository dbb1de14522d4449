import { parseArgs } from 'node:util';
import { z } from 'zod';
import { printJson, printTable } from '../../cli/print.ts';
import { runStrikes } from './cli/run-strikes.ts';
import { faultNames, operationNames, planLives } from './plan-lives.ts';
import { describeStep, rowCells, rowHeadings, summarize } from './report.ts';
import { runFaults } from './run-faults.ts';

// node test/faults/main.ts --runs N --seed S: kills parts of the running local platform; `authsome faults` starts it. Exits 1 where
// something was not recovered.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    life: { type: 'string' },
    faults: { type: 'string', default: faultNames.join(',') },
    operations: { type: 'string', default: operationNames.join(',') },
    victims: { type: 'string', default: 'platform' },
    json: { type: 'boolean', default: false },
  },
});
const names = <Name extends string>(known: readonly Name[]) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(known)).min(1));
const options = z
  .object({
    runs: z.coerce.number().int().min(1).max(1_000),
    seed: z.coerce.number().int(),
    life: z.coerce.number().int().min(1).optional(),
    faults: names(faultNames),
    operations: names(operationNames),
    victims: names(['platform', 'cli']),
  })
  .parse(values);

const stop = new AbortController();
// Once: what was made is still removed. A second signal ends the process as usual.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const say = (line: string): void => void (values.json || console.log(line));

const struck = options.victims.includes('cli') ? await runStrikes({ ...options, say, stop: stop.signal }) : [];
const unrecovered = struck.filter(({ problems }) => problems.length > 0);
const lives = options.victims.includes('platform') ? planLives(options) : [];
const planned = lives.reduce((count, { faults }) => count + Object.keys(faults).length, 0);
if (lives.length > 0) say(`seed ${options.seed}: ${planned} faults in ${lives.length} lives`);
const results = lives.length === 0 ? [] : await runFaults({ lives, onStep: (result) => say(describeStep(result)), stop: stop.signal });
const rows = summarize(results);
const failures = results.filter(({ recoveryMs }) => recoveryMs === null);
if (values.json) printJson({ seed: options.seed, rows, failures, commands: struck });
else {
  if (rows.length > 0) {
    console.log('');
    printTable(rowHeadings, rows.map(rowCells));
  }
  for (const failure of failures) {
    console.log(`\n${describeStep(failure)}`);
    console.log(`  again: npm run test:faults -- --runs ${options.runs} --seed ${options.seed} --life ${failure.life}`);
  }
}
if (stop.signal.aborted) console.error('stopped before all faults were tried');
process.exitCode = failures.length + unrecovered.length > 0 || stop.signal.aborted || lives.length + struck.length === 0 ? 1 : 0;
