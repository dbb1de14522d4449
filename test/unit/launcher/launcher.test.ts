import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';

const launcher = join(import.meta.dirname, '..', '..', '..', 'authsome');

test("programs of npm packages do not take the place of the system's: ava brings an `nft` that is not the firewall's", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'launcher-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  // Loaded before the command line, which never runs: it prints the path that every program of the product is looked up in.
  const spy = join(folder, 'print-path.cjs');
  await writeFile(spy, 'if (process.argv[1]?.endsWith("cli/main.ts")) { console.log(process.env.PATH); process.exit(0); }');
  const PATH = `/somewhere/node_modules/.bin:/npm/node-gyp-bin:${String(process.env['PATH'])}`;
  const { stdout } = await execa(launcher, ['status'], { env: { PATH, NODE_OPTIONS: `--require=${spy}` }, timeout: 60_000 });
  const folders = stdout.split(':');
  t.deepEqual(
    folders.filter((entry) => /node_modules\/\.bin$|node-gyp-bin$/.test(entry)),
    [],
  );
  t.false(folders.includes(''));
  t.true(folders.includes('/usr/sbin'));
});

for (const [version, isUsed] of [
  ['24.18.0', false],
  ['24.18.1', true],
  ['24.21.0', true],
  ['26.0.0', true],
] as const) {
  test(`Node ${version} on the path is ${isUsed ? 'used' : 'left: its parser drops headers silently, and it would be in the images'}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'launcher-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    // A checkout whose dependencies are there, with a command line that says which Node came first.
    const checkout = join(folder, 'checkout');
    await mkdir(join(checkout, 'cli'), { recursive: true });
    await mkdir(join(checkout, 'node_modules'));
    await copyFile(launcher, join(checkout, 'authsome'));
    for (const lock of ['package-lock.json', 'node_modules/.authsome-lock']) await writeFile(join(checkout, lock), '{}');
    await writeFile(join(checkout, 'cli', 'main.ts'), 'console.log(process.env.PATH?.split(":")[0]);');
    // The fallback is in the cache, so that nothing is installed.
    const cached = join(folder, 'cache', 'node', await cachedVersion(), 'node_modules', nodePackage, 'bin', 'node');
    await mkdir(dirname(cached), { recursive: true });
    await symlink(process.execPath, cached);

    const onPath = join(folder, 'bin', 'node');
    await mkdir(dirname(onPath));
    const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
    await writeFile(
      onPath,
      `#!/bin/sh\n[ "$1" = -e ] && exec '${process.execPath}' -e '${pretend}'"$2"\nexec '${process.execPath}' "$@"\n`,
    );
    await chmod(onPath, 0o755);
    const env = { PATH: `${dirname(onPath)}:${String(process.env['PATH'])}`, AUTHSOME_CACHE_DIR: join(folder, 'cache') };
    const { stdout } = await execa(join(checkout, 'authsome'), [], { env, timeout: 60_000 });
    t.is(stdout, isUsed ? dirname(onPath) : dirname(cached));
  });
}

const nodePackage = `node-${process.platform}-${process.arch}`;

async function cachedVersion(): Promise<string> {
  return /^node_version=(.+)$/m.exec(await readFile(launcher, 'utf8'))?.[1] ?? '';
}
