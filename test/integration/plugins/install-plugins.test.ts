import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { installPlugins } from '../../../toolchain/plugins/install-plugins.ts';
import { repoRoot } from './pulumi-fixture.ts';

async function withPulumiHome(use: (pulumiHome: string) => Promise<void>): Promise<void> {
  const pulumiHome = await mkdtemp(join(tmpdir(), 'authsome-home-'));
  try {
    await use(pulumiHome);
  } finally {
    await rm(pulumiHome, { recursive: true, force: true });
  }
}

test('plugins are installed once, and anew when their content changed', async (t) => {
  await withPulumiHome(async (pulumiHome) => {
    const options = { pulumi: 'pulumi', pulumiHome, node: process.execPath, repoRoot };
    t.deepEqual(await installPlugins(options), ['random', 'postgresql', 'tls', 'cloudflare']);
    t.deepEqual(await installPlugins(options), []);
    t.deepEqual(await installPlugins({ ...options, node: '/usr/local/bin/node' }), ['random', 'postgresql', 'tls', 'cloudflare']);
    const launcher = join(pulumiHome, 'plugins/resource-random-v4.21.2/pulumi-resource-random');
    t.regex(await readFile(launcher, 'utf8'), /exec '\/usr\/local\/bin\/node'/);
    t.is((await stat(join(launcher, '..'))).mode & 0o777, 0o755);
  });
});

test('an official plugin is left alone', async (t) => {
  await withPulumiHome(async (pulumiHome) => {
    const folder = join(pulumiHome, 'plugins/resource-random-v4.21.2');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pulumi-resource-random'), 'official', { mode: 0o755 });
    t.deepEqual(await installPlugins({ pulumi: 'pulumi', pulumiHome, node: process.execPath, repoRoot }), [
      'postgresql',
      'tls',
      'cloudflare',
    ]);
    t.is(await readFile(join(folder, 'pulumi-resource-random'), 'utf8'), 'official');
  });
});
