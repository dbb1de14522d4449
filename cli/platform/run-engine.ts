import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { CliContext } from '../context.ts';
import { guarded } from '../interruption.ts';
import { endStrays, engineMarker } from './end-strays.ts';

export interface EngineRun {
  context: CliContext;
  pulumi: string;
  env: Record<string, string>;
  args: readonly string[];
  timeoutMs: number;
  /** Called with each line on stdout. */
  onLine: (line: string) => void;
}

export interface EngineEnd {
  failed: boolean;
  timedOut: boolean;
  stderr: string;
}

/**
 * Runs the engine on the platform's stack. It is in a session of its own: a terminal's Ctrl-C reaches it once, from here, as a second one makes it stop without writing its state. It carries a
 * mark by which the next command finds it if this one is killed.
 *
 * @throws InterruptedError once the engine has ended, if a signal came
 */
export async function runEngine({ context, pulumi, env, args, timeoutMs, onLine }: EngineRun): Promise<EngineEnd> {
  const child = execa(pulumi, args, {
    cwd: context.paths.repoRoot,
    env: { ...env, [engineMarker]: context.paths.stateDir },
    timeout: timeoutMs,
    killSignal: 'SIGINT',
    forceKillAfterDelay: 30_000,
    reject: false,
    buffer: { stdout: false },
    stdin: 'ignore',
    detached: true,
  });
  const run = async (): Promise<EngineEnd> => {
    for await (const line of createInterface({ input: child.stdout })) onLine(line);
    const { failed, timedOut, stderr } = await child;
    return { failed, timedOut, stderr: stderr.trim() };
  };
  return guarded(context.interruption, {
    run,
    stop: () => child.kill('SIGINT'),
    force: async () => void (await endStrays(context, () => undefined, 0)),
  });
}
