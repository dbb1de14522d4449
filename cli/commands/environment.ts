import type { CliContext } from '../context.ts';
import { preparePulumi } from '../platform/prepare-platform.ts';
import { pulumiEnvironment } from '../platform/pulumi-environment.ts';
import { ensureTools } from '../platform/tools.ts';
import { printJson } from '../print.ts';

/** `authsome env`: what a shell needs for `pulumi preview` and `kubectl` on this platform; use it as eval "$(./authsome env)". */
export async function environment(context: CliContext): Promise<void> {
  const say = (line: string): void => console.error(line);
  const programs = await preparePulumi(context, await ensureTools(context, say), say);
  const variables = await pulumiEnvironment(context, programs);
  if (context.json) return printJson(variables);
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
}
