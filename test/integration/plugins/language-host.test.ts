import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import type { Result } from 'execa';
import { createPulumiFixture, repoRoot, uniqueName } from './pulumi-fixture.ts';
import type { PulumiFixture } from './pulumi-fixture.ts';

let fixture: PulumiFixture;
test.before(async () => {
  fixture = await createPulumiFixture();
});
test.after.always(() => fixture.cleanUp());

interface Project {
  pulumi: (...args: string[]) => Promise<Result>;
}

/** A TypeScript project in a folder of its own, run by the real CLI. */
async function withProject(program: string, use: (project: Project) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-program-'));
  try {
    await mkdir(join(folder, 'program'));
    await writeFile(join(folder, 'Pulumi.yaml'), `name: ${uniqueName('project-')}\nruntime: nodejs\nmain: program/\n`);
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'program/index.ts'), program);
    await symlink(join(repoRoot, 'node_modules'), join(folder, 'node_modules'));
    await use({
      pulumi: (...args) =>
        execa('pulumi', [...args, '--non-interactive'], {
          cwd: folder,
          all: true,
          reject: false,
          env: { ...fixture.environment, PATH: `${fixture.languageHostDir}${delimiter}${process.env['PATH']}` },
        }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const program = `
  import { Config, getStack } from '@pulumi/pulumi';
  import { RandomPassword } from '@pulumi/random';
  interface Settings { length: number }
  const settings: Settings = { length: new Config().requireNumber('length') };
  const password = new RandomPassword('password', settings);
  export const stack = getStack();
  export const length = password.result.apply((result) => result.length);
`;

test.serial('preview and up run a TypeScript program, with its configuration; a second up changes nothing', async (t) => {
  await withProject(program, async ({ pulumi }) => {
    const steps = [
      ['stack', 'init', 'dev'],
      ['config', 'set', 'length', '21'],
      ['preview'],
      ['up', '--yes', '--skip-preview'],
      ['preview', '--expect-no-changes'],
    ];
    for (const step of steps) {
      const { exitCode, all } = await pulumi(...step);
      t.is(exitCode, 0, `${step.join(' ')}: ${String(all)}`);
    }
    const { stdout } = await pulumi('stack', 'output', '--json', '--show-secrets');
    t.deepEqual(JSON.parse(String(stdout)), { stack: 'dev', length: 21 });
    t.is((await pulumi('destroy', '--yes', '--skip-preview')).exitCode, 0);
  });
});

test.serial('a program that throws fails the run and says why', async (t) => {
  await withProject(`throw new Error('no such thing');`, async ({ pulumi }) => {
    await pulumi('stack', 'init', 'dev');
    const { exitCode, all } = await pulumi('preview');
    t.not(exitCode, 0);
    t.regex(String(all), /no such thing/);
  });
});

test.serial('missing configuration fails the run by its name', async (t) => {
  await withProject(program, async ({ pulumi }) => {
    await pulumi('stack', 'init', 'dev');
    const { exitCode, all } = await pulumi('preview');
    t.not(exitCode, 0);
    t.regex(String(all), /Missing required configuration variable '.*:length'/);
  });
});
