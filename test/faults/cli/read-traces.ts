import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { lockFiles } from '../../../cli/checkout-lock.ts';
import { engineMarker } from '../../../cli/platform/end-strays.ts';
import { processesWithEnv } from '../../../toolchain/cluster/process-table.ts';
import type { Traces } from './judge-command.ts';

const checkpointSchema = z.object({
  checkpoint: z.object({ latest: z.object({ pending_operations: z.array(z.unknown()).nullish() }).nullish() }),
});

/** Looks for what commands of a checkout have left: in the process table, the engine's local state and the state folder. */
export async function readTraces(stateDir: string): Promise<Traces> {
  const state = join(stateDir, 'platform-state', '.pulumi');
  const [strays, locks, checkpoints, files] = await Promise.all([
    processesWithEnv(engineMarker, stateDir),
    filesBelow(join(state, 'locks')),
    filesBelow(join(state, 'stacks')),
    readdir(stateDir).catch(() => []),
  ]);
  let pending = 0;
  for (const file of checkpoints) {
    const { checkpoint } = checkpointSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    pending += checkpoint.latest?.pending_operations?.length ?? 0;
  }
  const leftovers = files.filter((name) => name === lockFiles.holder || name === 'purge-begun');
  return { strays: strays.map(({ pid }) => pid), locks, pending, leftovers };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json')).map((entry) => join(entry.parentPath, entry.name));
}
