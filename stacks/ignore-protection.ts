import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';

/** What the Automation API calls, though its types don't show it. */
interface RunsCommands {
  run: (args: string[], ...rest: unknown[]) => unknown;
}

/**
 * The CLI with a `destroy` that deletes what `up` protects, for which the Automation API has no option. Not protecting it in the program
 * that a destroy runs is not enough: what that program names no more, such as a database of the plan before, keeps its protection, and
 * the engine then leaves a state that it refuses to read (seen with 3.274.1).
 */
export function ignoreProtection(command: PulumiCommand): PulumiCommand {
  const original = command as PulumiCommand & RunsCommands;
  const run: RunsCommands['run'] = ([name = '', ...args], ...rest) =>
    original.run(name === 'destroy' ? [name, '--ignore-protect', ...args] : [name, ...args], ...rest);
  return Object.assign(Object.create(command) as PulumiCommand, { run });
}
