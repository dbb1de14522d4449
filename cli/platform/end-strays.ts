import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcesses, isAlive, processesWithEnv } from '../../toolchain/cluster/process-table.ts';
import type { ProcessIdentity } from '../../toolchain/cluster/process-table.ts';
import type { CliContext } from '../context.ts';

/** In the environment of the engine and of everything that it starts, with the state folder as value: whose run it is. Never in that of a person's shell. */
export const engineMarker = 'AUTHSOME_PLATFORM_RUN';

/** For an engine to finish the steps that are under way, write the state and give its lock back. */
const graceMs = 30_000;

/**
 * Ends the engine, its plugins and its program that a command of this checkout left running when it was killed. Call it as the holder of the checkout's lock: it ends a live run as well. Linux
 * only; elsewhere the plugins end when they find the engine gone.
 *
 * @returns how many processes were found
 */
export async function endStrays({ paths }: Pick<CliContext, 'paths'>, say: (line: string) => void, gentlyMs = graceMs): Promise<number> {
  const strays = await processesWithEnv(engineMarker, paths.stateDir).catch(() => []);
  if (strays.length === 0) return 0;
  say(`ending what a command left running (pids ${strays.map(({ pid }) => pid).join(', ')})`);
  const engines = await enginesOf(strays);
  if (gentlyMs > 0) await askToEnd(engines, gentlyMs);
  await endProcesses(await processesWithEnv(engineMarker, paths.stateDir), 0);
  return strays.length;
}

/** Once, as a second signal makes it stop without writing its state. */
async function askToEnd(engines: readonly ProcessIdentity[], limitMs: number): Promise<void> {
  for (const { pid } of engines) {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // Gone already.
    }
  }
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline && (await Promise.all(engines.map(isAlive))).some(Boolean)) await delay(100);
}

async function enginesOf(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const programs = await Promise.all(
    processes.map(({ pid }) =>
      readFile(`/proc/${pid}/cmdline`, 'utf8').then(
        (text) => basename(text.split('\0')[0] ?? ''),
        () => '',
      ),
    ),
  );
  return processes.filter((_, index) => programs[index] === 'pulumi');
}
