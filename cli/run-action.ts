import type { Command } from 'commander';
import { tolerateClosedOutput } from './closed-output.ts';
import { createContext } from './context.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { listenForSignals } from './interruption.ts';
import { reportError } from './report-error.ts';

type Action = (context: CliContext) => Promise<void>;

/**
 * Runs a command's action with its context. What it throws is reported as `--json` or a person wants it, and the exit code is 1, or 128 and the signal's number. If nobody reads
 * the output any more, the action goes on to its end.
 */
export async function runAction(command: Command, action: Action): Promise<void> {
  tolerateClosedOutput(() => undefined);
  await run(command, action);
}

/** The same for an action that changes nothing: if nobody reads the output any more, it ends quietly. */
export async function runReader(command: Command, action: Action): Promise<void> {
  tolerateClosedOutput(() => process.exit(0));
  await run(command, action);
}

/** The same for an action that answers whether all is well: exits 1 where it is not. */
export function runCheck(command: Command, check: (context: CliContext) => Promise<boolean>): Promise<void> {
  return runAction(command, failing(check));
}

/** The same for a check that changes nothing. */
export function runReaderCheck(command: Command, check: (context: CliContext) => Promise<boolean>): Promise<void> {
  return runReader(command, failing(check));
}

function failing(check: (context: CliContext) => Promise<boolean>): Action {
  return async (context) => {
    if (!(await check(context))) process.exitCode = 1;
  };
}

async function run(command: Command, action: Action): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  let running: Promise<unknown> = Promise.resolve();
  const interruption = listenForSignals({
    say: (line) => void process.stderr.write(`\n${line}\n`),
    ended: () =>
      running.then(
        () => undefined,
        () => undefined,
      ),
    exit: (error) => {
      showCursor();
      reportError(error, options);
      process.exit(error.exitCode);
    },
  });
  try {
    running = createContext(options).then((context) => action({ ...context, interruption }));
    await running;
  } catch (error) {
    reportError(error, options);
    process.exitCode = exitCodeOf(error);
  } finally {
    interruption.close();
  }
}

function exitCodeOf(error: unknown): number {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : 1;
}

/** A live display that was cut off has hidden it. */
function showCursor(): void {
  if (process.stdout.isTTY) process.stdout.write('\u001B[?25h');
}
