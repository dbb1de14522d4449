import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureAptPackages } from './apt-packages.ts';
import { runCommand } from './run-command.ts';

/** The Go release the tool modules ask for; older ones on PATH are not used. */
const goVersion = '1.26.8';

/**
 * Finds a Go toolchain of at least 1.26, or gets one: Debian's `golang-go` is too old for the modules, but old enough to fetch the
 * official toolchain as what it is since Go 1.21, a module (golang.org/toolchain) that comes from the module proxy with a checksum.
 *
 * @returns path of the `go` command
 */
export async function ensureGo(say: (line: string) => void): Promise<string> {
  const onPath = await goVersionOf('go');
  if (onPath !== undefined && compareVersions(onPath, '1.26.0') >= 0) return 'go';
  if (onPath === undefined) await ensureAptPackages(['golang-go', 'ca-certificates'], say);
  say(`fetching the Go ${goVersion} toolchain`);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const module = `golang.org/toolchain@v0.0.1-go${goVersion}.linux-${architecture}`;
  // Outside any module, and without the toolchain switching of Go 1.21 and later, which would do the same behind our back.
  const answer = await runCommand('go', ['mod', 'download', '-json', module], {
    timeout: 600_000,
    cwd: '/',
    env: { GOTOOLCHAIN: 'local', GOFLAGS: '' },
  });
  const { Dir: dir } = JSON.parse(answer) as { Dir: string };
  await markExecutable(dir);
  return join(dir, 'bin', 'go');
}

async function goVersionOf(command: string): Promise<string | undefined> {
  const answer = await runCommand(command, ['env', 'GOVERSION'], { cwd: '/' }).catch(() => undefined);
  return answer?.match(/^go(\d+\.\d+(\.\d+)?)/)?.[1];
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number)) as [number[], number[]];
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0);
}

/** Module archives carry no file modes, so the programs of a downloaded toolchain are not executable. */
async function markExecutable(goRoot: string): Promise<void> {
  for (const folder of ['bin', join('pkg', 'tool')]) {
    for (const entry of await readdir(join(goRoot, folder), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && (await readFile(path)).subarray(0, 4).toString('latin1') === '\x7fELF') await chmod(path, 0o755);
    }
  }
}
