import { randomBytes } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { runCommand } from '../../toolchain/tools/run-command.ts';
import { startEchoApi } from './echo-api.ts';

/** A stack of its own in a temporary folder, whose objects become files, and whose calls to Cloudflare reach nobody: what a program plans, without a cluster, an account or a secret of anybody's. */
export interface Rehearsal {
  env: Record<string, string>;
  /** Makes the folder of a project of one version of the repository; `pulumi` runs there. */
  openProject: (source: string) => Promise<string>;
  /** Deploys a project into the stack: the baseline of a preview. */
  deploy: (project: string) => Promise<void>;
}

export interface RehearsalOptions {
  pulumi: string;
  stack: string;
  /** Where `@pulumi/*` is installed. */
  nodeModules: string;
  /** As for the real stack: plugins and PATH. */
  env: Record<string, string>;
  /** References of images, where the stack's file has none. */
  images: Record<string, string>;
}

const deployTimeoutMs = 300_000;
const stackFileSchema = z.object({ config: z.record(z.string(), z.unknown()).default({}) }).loose();

/** Opens a rehearsal for as long as it is used, and leaves nothing of it. The engine, the program and the plugins are the real ones. */
export async function withRehearsal<Result>(options: RehearsalOptions, use: (rehearsal: Rehearsal) => Promise<Result>): Promise<Result> {
  const { pulumi, stack } = options;
  const folder = await mkdtemp(join(tmpdir(), 'authsome-preview-'));
  const state = join(folder, 'state');
  const env = {
    ...options.env,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString('hex'),
    // The state is gone in a minute: nothing must be safe from a power cut.
    PULUMI_SKIP_CHECKPOINTS: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: options.env['PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION'] ?? 'false',
    // None: neither that of this checkout, nor the one that a shell happens to point at.
    KUBECONFIG: '',
  };
  const run = async (cwd: string, args: readonly string[]): Promise<void> => {
    await runCommand(pulumi, [...args, '--stack', stack, '--non-interactive'], { cwd, env, timeout: deployTimeoutMs });
  };
  let projects = 0;
  const echoApi = await startEchoApi();
  try {
    await mkdir(state, { mode: 0o700 });
    return await use({
      env,
      async openProject(source) {
        projects += 1;
        const project = join(folder, `project-${projects}`);
        await copyProject({ source, project, options, renderTo: join(folder, 'objects'), cloudflareUrl: echoApi.baseUrl });
        if (projects === 1)
          await runCommand(pulumi, ['stack', 'init', stack, '--secrets-provider', 'passphrase', '--non-interactive'], {
            cwd: project,
            env,
          });
        return project;
      },
      deploy: (project) => run(project, ['up', '--yes', '--skip-preview', '--suppress-outputs', '--suppress-progress']),
    });
  } finally {
    await echoApi.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface ProjectCopy {
  source: string;
  project: string;
  options: RehearsalOptions;
  renderTo: string;
  /** Of what stands in for Cloudflare's API. */
  cloudflareUrl: string;
}

/** Nobody's; of the form that Cloudflare's tokens have. */
const placeholderToken = '0'.repeat(40);

/** The program stays where it is; only what the engine writes to, the stack's file, is a copy. */
async function copyProject({ source, project, options, renderTo, cloudflareUrl }: ProjectCopy): Promise<void> {
  await mkdir(join(project, 'stacks'), { recursive: true });
  await copyFile(join(source, 'Pulumi.yaml'), join(project, 'Pulumi.yaml'));
  await copyFile(join(source, 'package.json'), join(project, 'package.json'));
  await symlink(join(source, 'platform'), join(project, 'platform'));
  await symlink(options.nodeModules, join(project, 'node_modules'));
  const file = join('stacks', `Pulumi.${options.stack}.yaml`);
  const { config } = stackFileSchema.parse(parse(await readIfThere(join(source, file))) ?? {});
  const images = config['authsome:images'] ?? options.images;
  // Without the salt and the secrets of the real stack: nobody here has its passphrase.
  const plain = Object.fromEntries(Object.entries(config).filter(([, value]) => !isSecret(value)));
  const cloudflare = { 'cloudflare:apiToken': placeholderToken, 'cloudflare:baseUrl': cloudflareUrl };
  const rehearsed = { config: { ...plain, ...cloudflare, 'authsome:images': images, 'authsome:renderTo': renderTo } };
  await writeFile(join(project, file), stringify(rehearsed));
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'secure' in value;
}

async function readIfThere(path: string): Promise<string> {
  return access(path).then(
    () => readFile(path, 'utf8'),
    () => '',
  );
}
