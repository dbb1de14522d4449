import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import type { CliContext } from '../context.ts';

export interface Measurement {
  /** Of the repository. */
  script: string;
  args?: readonly string[];
  timeoutMs: number;
}

/**
 * Runs a measurement that needs no platform, since it starts its servers as the integration tests do, and shows what it says.
 *
 * @returns the figures of its last line, a JSON object
 */
export async function runMeasurement(
  { paths }: CliContext,
  { script, args = [], timeoutMs }: Measurement,
): Promise<Record<string, number>> {
  const child = execa(process.execPath, [join(paths.repoRoot, script), ...args], {
    cwd: paths.repoRoot,
    timeout: timeoutMs,
    forceKillAfterDelay: 10_000,
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
  });
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) console.log(line);
    last = line;
  }
  await child;
  return z.record(z.string(), z.number()).parse(JSON.parse(last));
}
