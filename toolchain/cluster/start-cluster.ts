import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ToolBinaries } from '../tools/build-go-tools.ts';
import { runCommand } from '../tools/run-command.ts';
import { writeCertificates } from './certificates.ts';
import { cleanNode } from './clean-node.ts';
import { readClusterStatus } from './cluster-status.ts';
import { clusterComponents } from './components.ts';
import { writeConfiguration } from './configuration.ts';
import type { NodeImages } from './configuration.ts';
import { setUpHostNetwork } from './host-network.ts';
import { claimMachine, findOtherCluster } from './machine-claim.ts';
import { findObstacles } from './preflight.ts';
import type { ClusterPaths } from './settings.ts';
import { clusterSettings } from './settings.ts';
import { stopCluster } from './stop-cluster.ts';

/** Debian's programs; all others of the cluster are built Go tools. */
const programsOnPath = ['containerd', 'etcd'];

const startTimeoutMs = 180_000;

export interface StartClusterOptions {
  paths: ClusterPaths;
  tools: ToolBinaries;
  images: NodeImages;
  say: (line: string) => void;
}

/** Something about the machine forbids the start; the message names each thing and what to do. Nothing was changed. */
export class ClusterObstacleError extends Error {
  override name = 'ClusterObstacleError';
}

/**
 * Makes sure that the local cluster runs with the present programs and configuration, and that its node is ready.
 *
 * @returns whether anything had to be started
 * @throws ClusterObstacleError before anything was changed; Error with the component that failed and its log
 */
export async function startCluster(options: StartClusterOptions): Promise<{ changed: boolean }> {
  const { paths, tools, images, say } = options;
  const programs = Object.fromEntries(
    clusterComponents(paths, (name) => name).map(({ command }) => [command, programPath(command, tools)]),
  );
  const components = clusterComponents(paths, (name) => programs[name] ?? name);
  const sources = await Promise.all(components.flatMap((component) => component.sources ?? []).map((file) => readFile(file, 'utf8')));
  const version = createHash('sha256')
    .update(JSON.stringify([components, sources, clusterSettings, images]))
    .digest('hex');
  const status = await readClusterStatus(paths);
  if (status?.phase === 'running' && status.version === version) {
    const unready = status.components.filter((component) => !component.ready);
    if (unready.length > 0) say(`waiting for ${unready.map(({ name }) => name).join(', ')}`);
    // A command that was killed as it started the cluster may not have come to it.
    await claimMachine(paths);
    await waitForNode(options);
    return { changed: false };
  }
  await makeRoom(paths, status !== undefined, say);
  await mkdir(paths.volumes, { recursive: true });
  await mkdir(paths.runtimeDir, { recursive: true, mode: 0o711 });
  await mkdir(paths.logs, { recursive: true });
  await rotateLogs(paths.logs);
  say('certificates and configuration');
  await writeCertificates(paths);
  await writeConfiguration(paths, images);
  await setUpHostNetwork(paths);
  const requestFile = join(paths.dir, 'supervisor.json');
  await writeFile(
    requestFile,
    JSON.stringify({ clusterDir: paths.dir, volumesDir: paths.volumes, version, programs, ctr: 'ctr', kubectl: tools.path('kubectl') }),
  );
  await launchSupervisor(paths, requestFile);
  await waitUntilRunning(paths, say);
  await waitForNode(options);
  return { changed: true };
}

/** A folder for a local persistent volume, owned by the user that its pod runs as. */
export async function ensureVolume(paths: ClusterPaths, name: string, uid: number): Promise<string> {
  const folder = join(paths.volumes, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, uid, uid);
  return folder;
}

async function makeRoom(paths: ClusterPaths, running: boolean, say: (line: string) => void): Promise<void> {
  const other = await findOtherCluster(paths);
  if (other?.running === true) {
    throw new ClusterObstacleError(
      `this machine's local cluster belongs to another checkout: ${other.paths.dir}\nStop that one first: run \`./authsome down\` there.`,
    );
  }
  if (running) {
    say('the programs or their configuration have changed: restarting the cluster');
    await stopCluster(paths, say);
  }
  // What a power cut left is no obstacle: only after it is gone does a taken port belong to somebody else.
  for (const left of [other?.paths, paths]) if (left !== undefined) await cleanNode(left);
  const obstacles = await findObstacles(join(paths.dir, '..'));
  if (obstacles.length > 0) throw new ClusterObstacleError(obstacles.map(({ what, remedy }) => `${what}\n  ${remedy}`).join('\n'));
}

async function launchSupervisor(paths: ClusterPaths, requestFile: string): Promise<void> {
  const log = await open(join(paths.logs, 'supervisor.log'), 'a', 0o600);
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts'), requestFile], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: '/',
  });
  await new Promise((resolve, reject) => supervisor.once('spawn', resolve).once('error', reject));
  supervisor.unref();
  await log.close();
}

async function waitUntilRunning(paths: ClusterPaths, say: (line: string) => void): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  let claimed = false;
  // The supervisor needs a moment to write its identity.
  let absent = 0;
  while (Date.now() < deadline) {
    const status = await readClusterStatus(paths);
    if (status === undefined && (absent += 1) > 50) break;
    if (status !== undefined && !claimed) {
      await claimMachine(paths);
      claimed = true;
    }
    if (status?.phase === 'running') return;
    if (status?.phase === 'failed') throw new Error(status.message ?? 'the cluster failed to start');
    const starting = status?.components.filter((component) => component.pid !== null && !component.ready).map(({ name }) => name) ?? [];
    if (starting.length > 0) say(`starting ${starting.join(', ')}`);
    await delay(100);
  }
  throw new Error(`the cluster did not start: see ${join(paths.logs, 'supervisor.log')}`);
}

async function waitForNode({ paths, tools, say }: StartClusterOptions): Promise<void> {
  say('waiting for the node to be ready');
  const wait = ['wait', '--for=condition=Ready', `node/${clusterSettings.nodeName}`, '--timeout=90s'];
  await runCommand(tools.path('kubectl'), ['--kubeconfig', paths.adminKubeconfig, ...wait], { timeout: 100_000 });
}

function programPath(name: string, tools: ToolBinaries): string {
  return programsOnPath.includes(name) || isAbsolute(name) ? name : tools.path(name);
}

async function rotateLogs(folder: string): Promise<void> {
  for (const file of await readdir(folder)) if (file.endsWith('.log')) await rename(join(folder, file), join(folder, `${file}.1`));
}
