import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import type { CliContext } from '../context.ts';

/** Four rounds of some 30 s, and starting the servers. */
const timeoutMs = 300_000;

/**
 * Sign-ups, sign-ins and session reads per second of the instance, and its memory, next to bare better-auth on the same PostgreSQL and
 * Redis in the same run. It needs no platform: it starts its servers as the integration tests do.
 */
export async function benchInstance({ paths }: CliContext): Promise<object> {
  const child = execa(process.execPath, [join(paths.repoRoot, 'test/bench/instance/measure.ts')], {
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
