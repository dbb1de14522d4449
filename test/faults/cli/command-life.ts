import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createContext } from '../../../cli/context.ts';
import type { CliContext } from '../../../cli/context.ts';
import { runSchema } from '../../../cli/backups/run-schemas.ts';
import { platformNamespace } from '../../../cli/platform/platform-urls.ts';
import { findKubectl } from '../../../cli/platform/tools.ts';
import { createKubectl } from '../../../cli/probe/cluster.ts';
import { judgeCommand } from './judge-command.ts';
import type { PlannedStrike, VictimName } from './plan-strikes.ts';
import { readTraces } from './read-traces.ts';
import { runVictim } from './run-victim.ts';
import type { VictimEnd } from './run-victim.ts';

/** For one run of a command, undisturbed; a restore makes applications again. */
const commandLimitMs = 600_000;
/** For pods that have just started to be ready. */
const healthLimitMs = 120_000;

export interface CommandResult {
  planned: PlannedStrike;
  /** False where the command was over before the strike: nothing was tried. */
  struck: boolean;
  /** Not tried at all, and why. */
  leftOut: string | undefined;
  problems: string[];
  /** From the strike until the platform was well again. */
  recoveryMs: number;
}

const upSchema = z.object({ changed: z.array(z.string()) });
const statusSchema = z.array(z.object({ part: z.string(), healthy: z.boolean(), detail: z.string() }));

/**
 * Starts the real command line, strikes it, runs the same command again, and checks that nothing is left of the strike: no process, no lock, no operation without an end, and nothing that another `up`
 * has to change. The platform is up before, and up after. Data is never removed: `down` stops the cluster, and a restore is tried only where there is no application to lose.
 */
export async function strikeCommand(planned: PlannedStrike): Promise<CommandResult> {
  const context = await createContext({});
  if (context.kind !== 'local') throw new Error('commands are struck on the local cluster only: unset KUBECONFIG');
  const run = (args: readonly string[], strike?: PlannedStrike): Promise<VictimEnd> =>
    runVictim({
      ...{ file: process.execPath, args: [join(context.paths.repoRoot, 'cli/main.ts'), ...args], cwd: context.paths.repoRoot },
      env: process.env,
      stateDir: context.paths.stateDir,
      strike: strike === undefined ? undefined : { name: strike.strike, delayMs: strike.delayMs },
      timeoutMs: commandLimitMs,
    });
  const prepared = await prepare(planned.victim, context, run);
  if ('leftOut' in prepared) return { planned, struck: false, leftOut: prepared.leftOut, problems: [], recoveryMs: 0 };
  const struck = await run(prepared.args, planned);
  const startedAt = performance.now();
  const again = await run(prepared.args);
  await run(['up', '--no-demo']);
  const recoveryMs = Math.round(performance.now() - startedAt);
  const lastUp = await run(['up', '--no-demo', '--json']);
  const facts = {
    ...{ struck, again, lastUp },
    changed: parse(upSchema, lastUp.stdout)?.changed,
    unhealthy: await waitForHealth(run),
    traces: await readTraces(context.paths.stateDir),
  };
  return { planned, struck: struck.struck, leftOut: undefined, problems: judgeCommand(planned, facts), recoveryMs };
}

type Run = (args: readonly string[]) => Promise<VictimEnd>;

async function prepare(victim: VictimName, context: CliContext, run: Run): Promise<{ args: string[] } | { leftOut: string }> {
  switch (victim) {
    case 'up': {
      // So that the engine has something to do when it is struck.
      const kubectl = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
      const gone = await kubectl(['delete', 'deployment', 'proxy', '--namespace', platformNamespace(context), '--ignore-not-found']);
      if (gone.exitCode !== 0) throw new Error(gone.stderr);
      return { args: ['up', '--no-demo'] };
    }
    case 'down':
      return { args: ['down'] };
    case 'backup':
      return { args: ['backup'] };
    case 'restore': {
      const kubectl = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
      const tenants = await kubectl(['get', 'namespaces', '--selector', 'authsome.cloud/app-id', '--output', 'name']);
      if (tenants.stdout.trim() !== '') return { leftOut: 'the platform has applications, which a restore would replace' };
      const backup = parse(runSchema, (await run(['backup', '--json'])).stdout);
      if (backup?.status !== 'succeeded') throw new Error('there is no good backup to restore');
      return { args: ['restore', backup.id, '--yes'] };
    }
  }
}

async function waitForHealth(run: Run): Promise<string[] | undefined> {
  const deadline = performance.now() + healthLimitMs;
  for (;;) {
    const parts = parse(statusSchema, (await run(['status', '--json'])).stdout);
    const unhealthy = parts?.filter(({ healthy }) => !healthy).map(({ part, detail }) => `${part} (${detail})`);
    if (unhealthy?.length === 0 || performance.now() >= deadline) return unhealthy;
    await delay(2_000);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
