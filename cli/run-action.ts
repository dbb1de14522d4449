import type { Command } from 'commander';
import { createContext } from './context.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** Runs a command's action with its context; what it throws is told as `--json` or a person wants it, and the exit code is 1. */
export async function runAction(command: Command, action: (context: CliContext) => Promise<void>): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  try {
    await action(await createContext(options));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (options.json === true) console.log(JSON.stringify({ error: { message } }));
    else console.error(`\n${message}`);
    if (process.env['AUTHSOME_DEBUG'] !== undefined) console.error(error);
    process.exitCode = 1;
  }
}

/** The same for an action that answers whether all is well: exits 1 where it is not. */
export function runCheck(command: Command, check: (context: CliContext) => Promise<boolean>): Promise<void> {
  return runAction(command, async (context) => {
    if (!(await check(context))) process.exitCode = 1;
  });
}
