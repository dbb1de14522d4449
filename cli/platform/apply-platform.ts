import { rm } from 'node:fs/promises';
import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { describeTrouble } from './describe-trouble.ts';
import { endStrays } from './end-strays.ts';
import { createEngineReader } from './engine-events.ts';
import type { Drift } from './engine-events.ts';
import { runEngine } from './run-engine.ts';
import { judgeHolder, readStackLock, StackLockedError } from './stack-lock.ts';

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
  /** What of it was deleted or changed behind the platform's back. */
  drift: Drift;
}

const upTimeoutMs = 900_000;
const cancelTimeoutMs = 60_000;

/**
 * Runs `pulumi up` on the platform stack, as an operator would, after making the stack where there is none. It looks at every object first, and makes again what was deleted, and puts back what was
 * changed. What a killed command left (processes, lock, operations without an end) is cleared away. Call it as the holder of the checkout's lock.
 *
 * @throws StackLockedError if a live process, or one of another machine, has the stack's lock; CommandError with Pulumi's diagnostics and what the pods that did not start have logged
 */
export async function applyPlatform(run: PlatformRun): Promise<PlatformResult> {
  await endStrays(run.context, run.say);
  await ensureStack(run);
  const result = await withTakeover(run, () => streamUp(run));
  if (result.pending) await clearPending(run);
  return { changes: result.changes, drift: result.drift };
}

/** Removes the platform's objects from the cluster, and the stack. Succeeds where there is none. @throws as applyPlatform */
export async function destroyPlatform(run: PlatformRun): Promise<void> {
  await endStrays(run.context, run.say);
  if (!(await isStackKnown(run))) return;
  await withTakeover(run, () => engine(run, ['destroy', '--yes', '--skip-preview', '--json', '--remove']));
}

/** Makes the stack, if there is none. */
export async function ensureStack(run: PlatformRun): Promise<void> {
  if (await isStackKnown(run)) return;
  const args = ['stack', 'init', run.context.stack, '--secrets-provider', 'passphrase', '--non-interactive'];
  await runCommand(run.pulumi, args, commandOptions(run));
}

async function isStackKnown(run: PlatformRun): Promise<boolean> {
  try {
    await runCommand(run.pulumi, ['stack', 'select', run.context.stack, '--non-interactive'], commandOptions(run));
    return true;
  } catch (error) {
    // A backend that does not answer must not be taken for one without the stack.
    if (error instanceof CommandError && /no stack named/.test(error.message)) return false;
    throw error;
  }
}

interface UpResult extends PlatformResult {
  pending: boolean;
}

function streamUp(run: PlatformRun): Promise<UpResult> {
  return engine(run, ['up', '--yes', '--skip-preview', '--refresh', '--json']);
}

async function engine(run: PlatformRun, args: readonly string[]): Promise<UpResult> {
  const { context, pulumi, env, say } = run;
  const reader = createEngineReader(say);
  const all = [...args, '--stack', context.stack, '--non-interactive'];
  const { failed, timedOut, stderr } = await runEngine({ context, pulumi, env, args: all, timeoutMs: upTimeoutMs, onLine: reader.read });
  if (!failed) return { changes: reader.changes(), drift: reader.drift(), pending: reader.pending() };
  const said = [...reader.errors(), stderr].filter(Boolean).join('\n');
  const holders = readStackLock(said);
  if (holders !== undefined) {
    const judged = await Promise.all(holders.map(async (holder) => ({ holder, state: await judgeHolder(holder) })));
    throw new StackLockedError(context.stack, judged);
  }
  const trouble = await describeTrouble(context, run.kubectl);
  throw new CommandError(`pulumi ${args[0] ?? ''}`, timedOut ? 'timed out' : 'failed', [said, trouble].filter(Boolean).join('\n'));
}

/** A lock whose holders are all proven dead is removed, and what they left unfinished is cleared. Once: whoever has the lock then is alive. */
async function withTakeover<Result>(run: PlatformRun, attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof StackLockedError) || !error.isAbandoned) throw error;
    run.say(`taking over from ${error.holders.map(({ holder }) => `pid ${holder.pid}, which is dead`).join(', ')}`);
    await removeLocks(run, error);
    await clearPending(run);
    return attempt();
  }
}

async function removeLocks(run: PlatformRun, { holders }: StackLockedError): Promise<void> {
  const urls = holders.map(({ holder }) => holder.url);
  // One by one where that is possible: `cancel` removes every lock, that of a run which has begun since as well.
  if (urls.every((url) => url.startsWith('file:///'))) {
    const files = urls.map((url) => decodeURIComponent(new URL(url).pathname));
    // The engine keeps the attributes of each file of its state beside it.
    for (const file of files) for (const part of [`${file}.attrs`, file]) await rm(part, { force: true });
  } else {
    const args = ['cancel', '--yes', '--stack', run.context.stack, '--non-interactive'];
    await runCommand(run.pulumi, args, { ...commandOptions(run), timeout: cancelTimeoutMs });
  }
}

/** What was begun and not written down is looked for in the cluster; creations that left nothing to be found are forgotten, and made again by the `up`. */
async function clearPending(run: PlatformRun): Promise<void> {
  run.say('clearing what a killed run left unfinished');
  await engine(run, ['refresh', '--yes', '--skip-preview', '--json', '--clear-pending-creates']);
}

function commandOptions({ context, env }: PlatformRun): { cwd: string; env: Record<string, string> } {
  return { cwd: context.paths.repoRoot, env };
}
