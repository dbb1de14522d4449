import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platformImagesSchema } from '../../platform/settings.ts';
import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { preparePulumi } from '../platform/prepare-platform.ts';
import { pulumiEnvironment } from '../platform/pulumi-environment.ts';
import type { PulumiPrograms } from '../platform/pulumi-environment.ts';
import { checkCluster } from '../platform/remembered-cluster.ts';
import { ensurePulumiTools } from '../platform/tools.ts';
import { withBaseVersion } from '../preview/base-version.ts';
import type { PlannedResource } from '../preview/planned-resource.ts';
import { createReport } from '../preview/preview-report.ts';
import type { Baseline } from '../preview/preview-report.ts';
import { readPreview } from '../preview/read-preview.ts';
import { withRehearsal } from '../preview/rehearsal.ts';
import { renderComment } from '../preview/render-comment.ts';
import { renderReport } from '../preview/render-report.ts';
import { printJson } from '../print.ts';

export interface PreviewOptions {
  /** Names of what may be deleted or replaced although it holds data. */
  allowReplace: readonly string[];
  /** Compare with nothing deployed, even where something is. */
  offline: boolean;
  /** A commit, branch or tag to compare with. */
  base?: string;
  /** File to write the report to, as Markdown. */
  comment?: string;
}

/**
 * `authsome preview`: what `up` would change in the platform stack. Compared with what is deployed, where this checkout knows of it; else, without
 * any cluster, with another version of the program, or with nothing.
 *
 * @returns whether nothing is refused: no data would be lost that was not allowed by name, and no policy is broken
 */
export async function preview(context: CliContext, options: PreviewOptions): Promise<boolean> {
  const startedAt = performance.now();
  const say = (line: string): void => console.error(line);
  const programs = await preparePulumi(context, await ensurePulumiTools(context, say), say);
  const env = await pulumiEnvironment(context, programs);
  const { plan, baseline } = await makePlan({ context, options, programs, env });
  const elapsedSeconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const report = createReport({ profile: context.stack, baseline, elapsedSeconds, plan, allowedNames: options.allowReplace });
  if (options.comment !== undefined) await writeFile(options.comment, renderComment(report));
  if (context.json) printJson(report);
  else console.log(renderReport(report).join('\n'));
  return report.ok;
}

interface PlanInput {
  context: CliContext;
  options: PreviewOptions;
  programs: PulumiPrograms;
  env: Record<string, string>;
}

async function makePlan(input: PlanInput): Promise<{ plan: PlannedResource[]; baseline: Baseline }> {
  const { context, options, programs, env } = input;
  const { repoRoot } = context.paths;
  const offline = options.offline || options.base !== undefined;
  if (!offline && (await isDeployed(input))) {
    // A comparison with another cluster's objects would say nothing of this one's.
    await checkCluster(context);
    return {
      baseline: { kind: 'deployed' },
      plan: await readPreview({ pulumi: programs.pulumi, cwd: repoRoot, stack: context.stack, env }),
    };
  }
  const rehearsal = {
    pulumi: programs.pulumi,
    stack: context.stack,
    nodeModules: join(repoRoot, 'node_modules'),
    env,
    images: placeholderImages,
  };
  return withRehearsal(rehearsal, async ({ openProject, deploy, env: rehearsalEnv }) => {
    const baseline: Baseline = options.base === undefined ? { kind: 'nothing' } : { kind: 'base', name: options.base };
    if (options.base !== undefined)
      await withBaseVersion(repoRoot, options.base, async (folder) => {
        // Node looks for packages from where the program really is.
        await symlink(rehearsal.nodeModules, join(folder, 'node_modules'));
        await deploy(await openProject(folder));
      });
    const cwd = await openProject(repoRoot);
    return { baseline, plan: await readPreview({ pulumi: programs.pulumi, cwd, stack: context.stack, env: rehearsalEnv }) };
  });
}

async function isDeployed({ context, programs, env }: PlanInput): Promise<boolean> {
  const options = { cwd: context.paths.repoRoot, env };
  try {
    const answer = await runCommand(programs.pulumi, ['stack', 'export', '--stack', context.stack, '--non-interactive'], options);
    return /"resources":\s*\[\s*\{/.test(answer);
  } catch (error) {
    if (error instanceof CommandError && /no stack named/.test(error.message)) return false;
    throw error;
  }
}

/** Stand for the images that `up` builds: a preview without a cluster needs none. */
const placeholderImages = Object.fromEntries(
  Object.keys(platformImagesSchema.shape).map((name) => [name, `registry.example.com/authsome/${name}:0.0.0`]),
);
