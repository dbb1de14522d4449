import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installPlugins } from '../../../toolchain/plugins/install-plugins.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startPostgres } from '../../support/start-postgres.ts';
import { copyStacks, createDatabase, stackBytes } from './stack-rows.ts';
import { StackDriver } from './stack-driver.ts';

// node test/bench/provision/measure-stacks.ts PULUMI: what Pulumi's operations cost in a state database with 1,000 stacks, next to one with
// 10, on the same server in the same run. The last line is one JSON object.

const sizes = { few: 10, many: 1_000 } as const;
/** Written by the CLI itself; the others are copies of them. */
const realStacks = 3;
const rounds = 5;
const repoRoot = path.resolve(import.meta.dirname, '../../..');
const pulumi = process.argv[2] ?? 'pulumi';

// So that the server, which is stopped at this process's exit, does not outlive it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
process.env['PATH'] = [path.dirname(path.resolve(pulumi)), process.env['PATH']].join(path.delimiter);

const directory = makeServerDirectory();
const pulumiHome = await mkdtemp(path.join(tmpdir(), 'authsome-bench-pulumi-'));
const postgres = await startPostgres(directory);
try {
  await installPlugins({ pulumi, pulumiHome, node: process.execPath, repoRoot, plugins: ['random', 'postgresql'] });
  const drivers = { few: await driver('few'), many: await driver('many') };
  console.log(`${realStacks} stacks written by pulumi, copied to ${sizes.few} and to ${sizes.many}`);
  const measured = { few: times(), many: times() };
  for (let round = 1; round <= rounds; round += 1) {
    // In turns, and in the other order the next time, so that whatever else the machine does meets both.
    for (const size of round % 2 === 1 ? (['few', 'many'] as const) : (['many', 'few'] as const)) {
      const { open, select, up, list } = await measure(drivers[size], round);
      measured[size].open.push(open);
      measured[size].select.push(select);
      measured[size].up.push(up);
      measured[size].list.push(list);
      console.log(`round ${round}, ${sizes[size]} stacks: open ${open} ms, select ${select} ms, up ${up} ms, ls ${list} ms`);
    }
  }
  console.log(
    JSON.stringify({
      ...{ stacks: sizes.many, stacksBeside: sizes.few, stackBytes: await stackBytes(url('many')) },
      ...compare('openMs', measured.few.open, measured.many.open),
      ...compare('selectMs', measured.few.select, measured.many.select),
      ...compare('upMs', measured.few.up, measured.many.up),
      ...compare('listMs', measured.few.list, measured.many.list),
    }),
  );
} finally {
  await postgres.stop();
  await Promise.all([directory, pulumiHome].map((folder) => rm(folder, { recursive: true, force: true })));
}

async function driver(size: keyof typeof sizes): Promise<StackDriver> {
  await createDatabase(postgres.url, `state_${size}`);
  const created = await StackDriver.create({ pulumiHome, backendUrl: url(size) });
  for (let index = 0; index < realStacks; index += 1) await created.up(index, 0);
  await copyStacks(url(size), { from: realStacks, to: sizes[size] });
  return created;
}

function url(size: keyof typeof sizes): string {
  const address = new URL(postgres.url);
  address.pathname = `/state_${size}`;
  return `${address.href}?sslmode=disable`;
}

async function measure(stacks: StackDriver, round: number) {
  return {
    open: await timed(() => stacks.open(1)),
    select: await timed(() => stacks.select(1)),
    up: await timed(() => stacks.up(1, round)),
    list: await timed(() => stacks.list()),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

function times(): Record<'open' | 'select' | 'up' | 'list', number[]> {
  return { open: [], select: [], up: [], list: [] };
}

function compare(name: string, few: readonly number[], many: readonly number[]): Record<string, number> {
  const [beside, measured] = [median(few), median(many)];
  return { [name]: measured, [`${name}Beside`]: beside, [`${name}Ratio`]: Number((measured / beside).toFixed(2)) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
