import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ensureGo } from './ensure-go.ts';
import type { GoTool } from './go-tools.ts';
import { goTools } from './go-tools.ts';
import { runCommand } from './run-command.ts';

/** Of what `go mod download -json` prints. */
const downloadedModule = z.object({ Dir: z.string() });

export interface ToolBinaries {
  /** Path of a built program by its name. */
  path: (binary: string) => string;
}

export interface BuildOptions {
  modulesDir: string;
  cacheDir: string;
  /** Which tools, by module name; all unless said. */
  only?: readonly string[];
  /** False: only find what is built, and fail where something is missing. */
  build?: boolean;
  say: (line: string) => void;
}

/**
 * Makes sure that the Go tools are built, each into its own folder of the cache, keyed by a hash of its module and linker flags. A
 * folder appears by rename when its build has ended, so a build that was cut leaves nothing that looks finished. Two at a time: one build alone
 * leaves a core idle while it downloads and while it links.
 *
 * @throws CommandError with the compiler's last lines
 */
export async function buildGoTools(options: BuildOptions): Promise<ToolBinaries> {
  const wanted = goTools.filter((tool) => options.only?.includes(tool.module) ?? true);
  const folders = new Map<string, string>();
  const missing: { tool: GoTool; target: string }[] = [];
  for (const tool of wanted) {
    const target = join(options.cacheDir, 'tools', `${tool.module}-${await moduleHash(options.modulesDir, tool)}`);
    const installed = (await exists(target)) ? target : await folderOnPath(tool);
    for (const binary of tool.binaries) folders.set(binary, installed ?? target);
    if (installed === undefined) missing.push({ tool, target });
  }
  if (missing.length > 0 && options.build === false) {
    throw new Error(`not built yet: ${missing.flatMap(({ tool }) => tool.binaries).join(', ')}. Run ./authsome up first.`);
  }
  if (missing.length > 0) {
    await removeAbandonedBuilds(join(options.cacheDir, 'tools'));
    const go = await ensureGo(options.say);
    // The longest first, so that the lanes end together.
    const queue = missing.toSorted((a, b) => b.tool.coldSeconds - a.tool.coldSeconds);
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { tool, target } = next;
        const place = `${missing.length - queue.length} of ${missing.length}`;
        options.say(`building ${tool.binaries.join(', ')} (${place}, about ${tool.coldSeconds} s of two cores from nothing)`);
        await build({ go, tool, target, modulesDir: options.modulesDir });
      }
    };
    const lanes = totalmem() < memoryForTwo ? 1 : 2;
    await Promise.all(Array.from({ length: lanes }, lane));
  }
  return {
    path(binary) {
      const folder = folders.get(binary);
      if (folder === undefined) throw new Error(`no such tool: ${binary}`);
      return join(folder, binary);
    },
  };
}

async function build({ go, tool, target, modulesDir }: { go: string; tool: GoTool; target: string; modulesDir: string }): Promise<void> {
  await mkdir(join(target, '..'), { recursive: true });
  const scratch = await mkdtemp(`${target}${buildingMark}${process.pid}-`);
  try {
    const source = join(scratch, 'source');
    const bin = join(scratch, 'bin');
    await cp(join(modulesDir, tool.module), source, { recursive: true });
    // Static programs: they also run in images that hold nothing else, and no C compiler is needed.
    const tags = tool.tags === undefined ? '' : ` -tags=${tool.tags.join(',')}`;
    const env = { CGO_ENABLED: '0', GOBIN: bin, GOFLAGS: `-trimpath -buildvcs=false${tags}`, GOWORK: 'off', GOTOOLCHAIN: 'local' };
    const command = (args: string[]): Promise<string> => runCommand(go, args, { cwd: source, env, timeout: 3_600_000 });
    if (tool.embeds !== undefined) {
      // Not `go list`, which knows no folder for a module that nobody has downloaded yet.
      const { Dir: folder } = downloadedModule.parse(JSON.parse(await command(['mod', 'download', '-json', tool.embeds.module])));
      for (const file of tool.embeds.files) await cp(join(folder, file), join(source, basename(file)));
    }
    const linker = ['-s', '-w', ...tool.ldflags].join(' ');
    const hasMain = (await readdir(source)).includes('main.go');
    await (hasMain
      ? command(['build', '-p', String(cpus().length), '-ldflags', linker, '-o', `${bin}/${String(tool.binaries[0])}`, '.'])
      : command(['install', '-p', String(cpus().length), '-ldflags', linker, 'tool']));
    await rename(bin, target).catch(async (error: unknown) => {
      // Another run built the same meanwhile.
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Bytes of memory from which two builds at once are safe: the compiler takes up to 3 GiB for the largest packages. */
const memoryForTwo = 8 * 1024 ** 3;

const buildingMark = '.building-';

/** What builds left whose process was killed: a gigabyte each. */
async function removeAbandonedBuilds(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = name.split(buildingMark)[1]?.split('-')[0];
    if (pid !== undefined && !(await exists(`/proc/${pid}`))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Official programs on PATH serve as well, when all of the module's are there in a fit version. */
async function folderOnPath(tool: GoTool): Promise<string | undefined> {
  const { onPath } = tool;
  if (onPath === undefined) return undefined;
  const folders = new Set<string>();
  for (const binary of tool.binaries) {
    const path = await runCommand('sh', ['-c', 'command -v "$0"', binary]).catch(() => '');
    // kubectl alone has no --version: its folder's other programs speak for it.
    const answer = path === '' ? '' : binary === 'kubectl' ? undefined : await runCommand(binary, onPath.args).catch(() => '');
    if (answer !== undefined && !onPath.answer.test(answer)) return undefined;
    folders.add(dirname(path.trim()));
  }
  return folders.size === 1 ? [...folders][0] : undefined;
}

async function moduleHash(modulesDir: string, tool: GoTool): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([tool.ldflags, process.arch, ...(tool.tags ?? [])]));
  const folder = join(modulesDir, tool.module);
  for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
