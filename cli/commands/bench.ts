import type { CliContext } from '../context.ts';

/** Every benchmark measures its alternative in the same run, and returns the figures of its last line. */
const benchmarks: Record<string, () => Promise<(context: CliContext) => Promise<object>>> = {
  instance: async () => (await import('../bench/instance.ts')).benchInstance,
  provision: async () => (await import('../bench/provision.ts')).benchProvision,
  ready: async () => (await import('../bench/ready.ts')).benchReady,
};

/** `authsome bench NAME`: the last line of its output is one JSON object. */
export async function bench(context: CliContext, name: string): Promise<void> {
  const load = benchmarks[name];
  if (load === undefined) throw new Error(`no such benchmark: ${name}; there are ${Object.keys(benchmarks).join(', ')}`);
  const measure = await load();
  console.log(JSON.stringify(await measure(context)));
}
