import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from '../../../cli/context.ts';
import type { PlatformRun } from '../../../cli/platform/apply-platform.ts';
import { installPlugins } from '../../../toolchain/plugins/install-plugins.ts';
import { repoRoot } from '../plugins/pulumi-fixture.ts';

export interface PlatformFixture {
  run: PlatformRun;
  /** What was said while it ran. */
  said: string[];
  /** Makes the program stop in the middle of a run, or not. */
  setSlow(slow: boolean): Promise<void>;
  /** Names of the engine's lock files. */
  locks(): Promise<string[]>;
  cleanUp(): Promise<void>;
}

/** The program of a stack that takes no time, or half a minute in the middle of a run. */
const program = `
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RandomPassword } from '@pulumi/random';
export const first = new RandomPassword('first', { length: 12 }).id;
if (existsSync(new URL('slow', import.meta.url))) {
  console.error('in the middle');
  await delay(30_000);
}
export const second = new RandomPassword('second', { length: 12 }).id;
`;

/** A project of its own with the real engine (`pulumi` on PATH), in the place of the platform's. */
export async function createPlatformFixture(): Promise<PlatformFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-platform-'));
  const [stateDir, project] = [join(folder, 'state'), join(folder, 'project')];
  const [state, pulumiHome, languageHostDir] = ['platform-state', 'pulumi', 'bin'].map((name) => join(stateDir, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(state, { recursive: true });
  await mkdir(project);
  await writeFile(join(project, 'Pulumi.yaml'), 'name: platform-test\nruntime: nodejs\nmain: index.mjs\n');
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'index.mjs'), program);
  await symlink(join(repoRoot, 'node_modules'), join(project, 'node_modules'));
  await installPlugins({ pulumi: 'pulumi', pulumiHome, node: process.execPath, repoRoot, plugins: ['random'], languageHostDir });
  const said: string[] = [];
  const context = {
    paths: { repoRoot: project, stateDir },
    stack: 'test',
    kind: 'external',
    kubeconfig: '/nowhere',
  } as unknown as CliContext;
  const env = {
    PATH: `${languageHostDir}:${process.env.PATH ?? ''}`,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: 'test-passphrase',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  };
  return {
    run: { context, pulumi: 'pulumi', kubectl: 'false', env, say: (line) => void said.push(line) },
    said,
    setSlow: (slow) => (slow ? writeFile(join(project, 'slow'), '') : rm(join(project, 'slow'), { force: true })),
    async locks() {
      const files = await readdir(join(state, '.pulumi', 'locks'), { recursive: true, withFileTypes: true }).catch(() => []);
      return files.filter((file) => file.isFile()).map(({ name }) => name);
    },
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
}
