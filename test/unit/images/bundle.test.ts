import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { bundle } from '../../../toolchain/images/bundle.ts';

const run = promisify(execFile);

/** A repository with a program that imports TypeScript and a CommonJS package that uses require and __dirname. */
async function withRepository(use: (place: { repoRoot: string; cacheDir: string; outFolder: string }) => Promise<void>): Promise<void> {
  const repoRoot = await realpath(await mkdtemp(join(tmpdir(), 'authsome-bundle-test-')));
  try {
    const outFolder = join(repoRoot, 'out');
    await mkdir(join(repoRoot, 'node_modules/old'), { recursive: true });
    await mkdir(outFolder);
    const files = {
      'package.json': '{"type":"module"}',
      'package-lock.json': '{}',
      'main.ts': `import { greet } from './greet.ts';\nimport old from 'old';\nconsole.log(JSON.stringify({ text: greet('a'), name: greet.name, old }));`,
      'greet.ts': 'export function greet(name: string): string { return `hello ${name}`; }',
      'node_modules/old/package.json': '{"main":"index.js"}',
      'node_modules/old/index.js': `const { sep } = require('path');\ntry { require('pg-native') } catch { exports.without = true }\nexports.sep = sep;\nexports.folder = __dirname;`,
    };
    for (const [path, content] of Object.entries(files)) await writeFile(join(repoRoot, path), content);
    await use({ repoRoot, outFolder, cacheDir: join(repoRoot, 'cache') });
  } finally {
    await rm(repoRoot, { recursive: true, force: true });
  }
}

test('a bundle runs alone: TypeScript, CommonJS with require and __dirname, and optional packages that are absent', async (t) => {
  await withRepository(async ({ repoRoot, cacheDir, outFolder }) => {
    const file = join(outFolder, 'main.mjs');
    await writeFile(file, await bundle({ repoRoot, cacheDir, entry: 'main.ts' }));
    await rm(join(repoRoot, 'node_modules'), { recursive: true });
    const { stdout } = await run(process.execPath, [file]);
    t.deepEqual(JSON.parse(stdout), { text: 'hello a', name: 'greet', old: { without: true, sep: '/', folder: outFolder } });
  });
});

test('a kept bundle is used again until one of its sources changes', async (t) => {
  await withRepository(async ({ repoRoot, cacheDir }) => {
    const make = () => bundle({ repoRoot, cacheDir, entry: 'main.ts' });
    const first = await make();
    t.is(await make(), first);
    await writeFile(join(repoRoot, 'greet.ts'), 'export function greet(name: string): string { return `goodbye ${name}`; }');
    t.regex(await make(), /goodbye/);
    await rm(join(repoRoot, 'greet.ts'));
    await t.throwsAsync(make, { message: /greet\.ts/ });
  });
});

test('a changed lock file makes the bundle anew, since packages may have changed', async (t) => {
  await withRepository(async ({ repoRoot, cacheDir }) => {
    const make = () => bundle({ repoRoot, cacheDir, entry: 'main.ts' });
    await make();
    await writeFile(join(repoRoot, 'node_modules/old/index.js'), 'exports.renewed = 1;');
    t.notRegex(await make(), /renewed/);
    await writeFile(join(repoRoot, 'package-lock.json'), '{"changed":true}');
    t.regex(await make(), /renewed/);
  });
});

test('a program that imports and requires node:http starts without loading undici, and serves', async (t) => {
  await withRepository(async ({ repoRoot, cacheDir, outFolder }) => {
    const program = [
      `import http, { createServer } from 'node:http';`,
      `import * as old from 'old-http';`,
      `const hasUndici = process.moduleLoadList.some((name) => name.includes('undici'));`,
      `const server = createServer((_req, res) => res.end('served'));`,
      `server.listen(0, async () => {`,
      `  const answer = await fetch('http://127.0.0.1:' + server.address().port);`,
      `  console.log(JSON.stringify([hasUndici, await answer.text(), http.createServer === old.createServer]));`,
      `  server.close();`,
      `});`,
    ];
    await mkdir(join(repoRoot, 'node_modules/old-http'));
    await writeFile(join(repoRoot, 'node_modules/old-http/package.json'), '{"main":"index.js"}');
    await writeFile(join(repoRoot, 'node_modules/old-http/index.js'), `exports.createServer = require('http').createServer;`);
    await writeFile(join(repoRoot, 'main.ts'), program.join('\n'));
    const file = join(outFolder, 'main.mjs');
    await writeFile(file, await bundle({ repoRoot, cacheDir, entry: 'main.ts' }));
    const { stdout } = await run(process.execPath, [file]);
    t.deepEqual(JSON.parse(stdout), [false, 'served', true]);
  });
});
