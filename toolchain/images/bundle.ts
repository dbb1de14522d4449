import { build } from 'esbuild';
import { join } from 'node:path';

export interface Bundle {
  repoRoot: string;
  /** Source file, relative to the repository. */
  entry: string;
  /** Packages left out of the bundle, to be found in node_modules beside it. */
  external?: readonly string[];
}

/**
 * One file with a program and all it imports. Not minified, with names kept, so that stack traces say where; the code in node_modules
 * that is CommonJS gets the `require`, `__filename` and `__dirname` it expects.
 *
 * @throws BuildFailure of esbuild, which names file and line
 */
export async function bundle({ repoRoot, entry, external = [] }: Bundle): Promise<string> {
  const result = await build({
    absWorkingDir: repoRoot,
    entryPoints: [join(repoRoot, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...optionalPackages, ...external],
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
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild gave nothing for ${entry}`);
  return file.text;
}

/** Packages that others try to load and do without: not installed, so not to be bundled. */
const optionalPackages = ['pg-native', 'pg-cloudflare'];
