import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, version } from 'esbuild';
import type { Plugin } from 'esbuild';

export interface Bundle {
  repoRoot: string;
  /** Source file, relative to the repository. */
  entry: string;
  /** Packages left out of the bundle, to be found in node_modules beside it. */
  external?: readonly string[];
  /** Where the bundle is kept with the hashes of what went into it, to be used again while those stay. */
  cacheDir: string;
}

/** What a kept bundle was made of: file to hash for the repository's own; what is in node_modules follows from the lock file. */
type Sources = Record<string, string>;

/**
 * One file with a program and all it imports. Not minified, with names kept, so that stack traces say where: minified it starts no
 * faster than measurement noise (250 ms of processor time against 270, for 720 from the sources). The CommonJS code in node_modules gets
 * the `require`, `__filename` and `__dirname` it expects.
 *
 * @throws BuildFailure of esbuild, which names file and line
 */
export async function bundle({ repoRoot, entry, external = [], cacheDir }: Bundle): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([entry, external, version, options, leanHttp.name]))
    .digest('hex');
  const kept = join(cacheDir, `${key}.json`);
  const before = await readFile(kept, 'utf8').then(
    (text) => JSON.parse(text) as { sources: Sources; code: string },
    () => undefined,
  );
  if (before !== undefined && (await areUnchanged(repoRoot, before.sources))) return before.code;
  const result = await build({
    ...options,
    absWorkingDir: repoRoot,
    entryPoints: [join(repoRoot, entry)],
    external: [...optionalPackages, ...external],
    plugins: [leanHttp],
    metafile: true,
    write: false,
  });
  const code = result.outputFiles[0]?.text;
  if (code === undefined) throw new Error(`esbuild gave nothing for ${entry}`);
  const own = Object.keys(result.metafile.inputs).filter(
    (path) => !path.split('/').includes('node_modules') && !path.startsWith('lean-http:'),
  );
  const sources = Object.fromEntries(
    await Promise.all(
      [...own, 'package.json', 'package-lock.json'].map(async (path) => [path, await hashFile(join(repoRoot, path))] as const),
    ),
  );
  await mkdir(cacheDir, { recursive: true });
  await writeFile(`${kept}.${process.pid}`, JSON.stringify({ sources, code }));
  await rename(`${kept}.${process.pid}`, kept);
  return code;
}

/** Packages that others try to load and do without: not installed, so not to be bundled. */
const optionalPackages = ['pg-native', 'pg-cloudflare'];

const options = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  keepNames: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
  define: { __filename: '__bundleFile', __dirname: '__bundleFolder' },
  banner: {
    js: [
      `import { createRequire as __createRequire } from 'node:module';`,
      `const require = __createRequire(import.meta.url), __bundleFile = import.meta.filename, __bundleFolder = import.meta.dirname;`,
    ].join('\n'),
  },
} as const;

/**
 * To import or require node:http makes Node read each of its exports, and one of them loads all of undici: 45 ms of processor time at every
 * start. Taken by this function it is not read before it is used.
 */
const leanHttp: Plugin = {
  // Changed with what it does: bundles that were made by another are made anew.
  name: 'lean-http-1',
  setup(bundler) {
    bundler.onResolve({ filter: /^(?:node:)?https?$/ }, ({ path }) => ({ path, namespace: 'lean-http' }));
    bundler.onLoad({ filter: /^/, namespace: 'lean-http' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

async function areUnchanged(repoRoot: string, sources: Sources): Promise<boolean> {
  const same = await Promise.all(Object.entries(sources).map(async ([path, hash]) => (await hashFile(join(repoRoot, path))) === hash));
  return same.every(Boolean);
}

/** Empty for a file that is gone. */
async function hashFile(path: string): Promise<string> {
  return readFile(path).then(
    (content) => createHash('sha256').update(content).digest('hex'),
    () => '',
  );
}
