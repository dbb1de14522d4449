import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterPaths } from '../toolchain/cluster/settings.ts';
import type { ClusterPaths } from '../toolchain/cluster/settings.ts';
import { toolchainPaths } from '../toolchain/paths.ts';
import type { ToolchainPaths } from '../toolchain/paths.ts';
import type { Interruption } from './interruption.ts';
import { wantsObservability } from './platform/observability.ts';

/** Where a command works: paths, and which cluster is meant. */
export interface CliContext {
  paths: ToolchainPaths;
  cluster: ClusterPaths;
  /** The local cluster of this machine, or the one that KUBECONFIG points at. */
  kind: 'local' | 'external';
  kubeconfig: string;
  /** Stack of the platform, and its profile. */
  stack: string;
  json: boolean;
  /** Whether a local platform has Prometheus, Alertmanager and Jaeger. */
  observability: boolean;
  /** What signals do, while a command of a person runs. */
  interruption?: Interruption;
}

export interface GlobalOptions {
  json?: boolean;
  profile?: string;
}

/** Reads the environment once. Nothing else of the command line looks at KUBECONFIG or AUTHSOME_*. */
export async function createContext(options: GlobalOptions, env: NodeJS.ProcessEnv = process.env): Promise<CliContext> {
  const paths = toolchainPaths(env);
  await mkdir(paths.stateDir, { recursive: true, mode: 0o700 });
  const cluster = clusterPaths(paths);
  const external = env['KUBECONFIG'] !== undefined && env['KUBECONFIG'] !== '' && env['KUBECONFIG'] !== cluster.adminKubeconfig;
  const stack = options.profile ?? 'local';
  return {
    paths,
    cluster,
    kind: external ? 'external' : 'local',
    kubeconfig: external ? String(env['KUBECONFIG']) : cluster.adminKubeconfig,
    stack,
    json: options.json ?? false,
    observability: wantsObservability(env),
  };
}

/** Files of one checkout's platform that hold secrets: readable by their owner alone. */
export function secretFile(context: CliContext, name: string): string {
  return join(context.paths.stateDir, name);
}
