import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { describeTrouble } from './describe-trouble.ts';

export interface PlatformRun {
  context: CliContext;
  pulumi: string;
  kubectl: string;
  env: Record<string, string>;
  say: (line: string) => void;
}

export interface PlatformResult {
  /** Resources by what was done to them: create, update, delete, same … */
  changes: Record<string, number>;
}

const upTimeoutMs = 900_000;

/** The few engine events that are shown; the others are passed over. */
const eventSchema = z.object({
  resourcePreEvent: z.object({ metadata: z.object({ op: z.string(), urn: z.string() }) }).optional(),
  diagnosticEvent: z.object({ severity: z.string(), message: z.string() }).optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
});

/**
 * Runs `pulumi up` on the platform stack, as an operator would, after making the stack where there is none.
 *
 * @throws CommandError with Pulumi's diagnostics and what the pods that did not start have logged
 */
export async function applyPlatform(run: PlatformRun): Promise<PlatformResult> {
  await ensureStack(run);
  const changes = await streamUp(run);
  return { changes };
}

/** Removes the platform's objects from the cluster, and the stack. */
export async function destroyPlatform({ context, pulumi, env }: Omit<PlatformRun, 'say' | 'kubectl'>): Promise<void> {
  const options = { cwd: context.paths.repoRoot, env, timeout: upTimeoutMs };
  await runCommand(pulumi, ['destroy', '--yes', '--skip-preview', '--stack', context.stack, '--non-interactive', '--remove'], options);
}

async function ensureStack({ context, pulumi, env }: PlatformRun): Promise<void> {
  const options = { cwd: context.paths.repoRoot, env };
  const known = await runCommand(pulumi, ['stack', 'select', context.stack, '--non-interactive'], options).then(
    () => true,
    () => false,
  );
  if (!known) await runCommand(pulumi, ['stack', 'init', context.stack, '--secrets-provider', 'passphrase', '--non-interactive'], options);
}

async function streamUp({ context, pulumi, kubectl, env, say }: PlatformRun): Promise<Record<string, number>> {
  const args = ['up', '--yes', '--skip-preview', '--json', '--stack', context.stack, '--non-interactive'];
  const child = execa(pulumi, args, {
    cwd: context.paths.repoRoot,
    env,
    timeout: upTimeoutMs,
    forceKillAfterDelay: 30_000,
    reject: false,
    buffer: { stdout: false },
    stdin: 'ignore',
  });
  const errors: string[] = [];
  let changes: Record<string, number> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const event = parseEvent(line);
    const step = event?.resourcePreEvent?.metadata;
    if (step !== undefined && step.op !== 'same') say(`${step.op} ${shortName(step.urn)}`);
    if (event?.diagnosticEvent?.severity === 'error') errors.push(event.diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, '').trim());
    changes = event?.summaryEvent?.resourceChanges ?? changes;
  }
  const result = await child;
  if (result.failed) {
    const trouble = await describeTrouble(context, kubectl);
    throw new CommandError(
      'pulumi up',
      result.timedOut ? 'timed out' : 'failed',
      [...errors, result.stderr.trim(), trouble].filter(Boolean).join('\n'),
    );
  }
  return changes;
}

/** urn:pulumi:stack::project::parent$kubernetes:apps/v1:Deployment::proxy → Deployment proxy */
function shortName(urn: string): string {
  const [, , types, name] = urn.split('::');
  return `${types?.split(/[$:]/).at(-1) ?? ''} ${name ?? ''}`;
}

function parseEvent(line: string): z.output<typeof eventSchema> | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
