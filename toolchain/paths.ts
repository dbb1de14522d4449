import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the toolchain keeps things: state in the checkout, what can be built again in a cache outside it. */
export interface ToolchainPaths {
  repoRoot: string;
  /** Built tools, root filesystems, image layers: safe to delete, shared by checkouts. */
  cacheDir: string;
  /** Everything this checkout's platform is: cluster data, volumes, stack state, credentials. Ignored by git. */
  stateDir: string;
  clusterDir: string;
  volumesDir: string;
}

export const repoRoot = resolve(import.meta.dirname, '..');

export function toolchainPaths(env: NodeJS.ProcessEnv = process.env): ToolchainPaths {
  const cacheHome = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const stateDir = resolve(env['AUTHSOME_STATE_DIR'] ?? join(repoRoot, '.authsome'));
  return {
    repoRoot,
    cacheDir: resolve(env['AUTHSOME_CACHE_DIR'] ?? join(cacheHome, 'authsome')),
    stateDir,
    clusterDir: join(stateDir, 'cluster'),
    volumesDir: join(stateDir, 'volumes'),
  };
}
