import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import { CommandError } from '../../toolchain/tools/run-command.ts';
import { readPlan, stepSchema } from './planned-resource.ts';
import type { PlannedResource } from './planned-resource.ts';

export interface PreviewRun {
  pulumi: string;
  /** Folder of the project. */
  cwd: string;
  stack: string;
  env: Record<string, string>;
}

const previewTimeoutMs = 300_000;

const eventSchema = z.object({
  resourcePreEvent: z.object({ metadata: stepSchema }).optional(),
  diagnosticEvent: z.object({ severity: z.string(), message: z.string() }).optional(),
});

/**
 * Runs `pulumi preview` and reads from the engine's events what it would do. Nothing is changed.
 *
 * @throws CommandError with the engine's diagnostics where there is no plan
 */
export async function readPreview({ pulumi, cwd, stack, env }: PreviewRun): Promise<PlannedResource[]> {
  const child = execa(pulumi, ['preview', '--json', '--stack', stack, '--non-interactive'], {
    cwd,
    // Without it, `preview --json` keeps what stays the same to itself, which policies must see too.
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: 'true' },
    timeout: previewTimeoutMs,
    forceKillAfterDelay: 10_000,
    reject: false,
    buffer: { stdout: false },
    stdin: 'ignore',
  });
  const steps: z.output<typeof stepSchema>[] = [];
  const errors: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const event = parseEvent(line);
    if (event?.resourcePreEvent !== undefined) steps.push(event.resourcePreEvent.metadata);
    if (event?.diagnosticEvent?.severity === 'error') errors.push(event.diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, '').trim());
  }
  const result = await child;
  if (result.failed)
    throw new CommandError(
      'pulumi preview',
      result.timedOut ? 'timed out' : 'failed',
      [...errors, result.stderr.trim()].filter(Boolean).join('\n'),
    );
  return readPlan(steps);
}

function parseEvent(line: string): z.output<typeof eventSchema> | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  return eventSchema.parse(event);
}
