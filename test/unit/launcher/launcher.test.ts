import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
