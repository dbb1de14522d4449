import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../tools/run-command.ts';
import { tearDownHostNetwork } from './host-network.ts';
import { endProcesses, identify, processesWithEnv } from './process-table.ts';
import type { ProcessIdentity } from './process-table.ts';
import { clusterMarker } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

/**
 * Removes everything that a cluster of this state folder left on the machine, whatever ended it: processes, containers, mounts,
 * network namespaces, links, firewall rules, control groups, sockets. Keeps the data: etcd, volumes, images, certificates. Idempotent; needs
 * no cooperation of containerd or the API server, so that it also works after a power cut.
 */
export async function cleanNode(paths: ClusterPaths): Promise<void> {
  const containers = await containerIds(paths);
  await endProcesses(await processesWithEnv(clusterMarker, paths.dir), 2_000);
  await endProcesses(await containerProcesses(containers), 0);
  await unmountBelow(paths.dir);
  await tearDownHostNetwork(paths);
  await removeControlGroups(containers);
  // Leases and results of pods that are gone; the kubelet makes every pod's network anew.
  await rm(paths.cniData, { recursive: true, force: true });
  await removeNetworkResults();
  await rm(paths.containerdState, { recursive: true, force: true });
  await rm(paths.runtimeDir, { recursive: true, force: true });
  await rm(paths.supervisorPid, { force: true });
  await rm(paths.status, { force: true });
}

/** Containers that this containerd ran: one folder each in its state, so another containerd's on this machine are never touched. */
async function containerIds(paths: ClusterPaths): Promise<string[]> {
  const tasks = join(paths.containerdState, 'io.containerd.runtime.v2.task', 'k8s.io');
  return readdir(tasks).catch(() => []);
}

async function containerProcesses(containers: readonly string[]): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const group of await controlGroups(containers)) {
    const pids = (await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
    for (const pid of pids) {
      const identity = await identify(Number(pid));
      if (identity !== undefined) found.push(identity);
    }
  }
  return found;
}

/** Deepest first, so that a mount is free of others when its turn comes; lazily, since a dead process's files may still be open. */
async function unmountBelow(folder: string): Promise<void> {
  const targets = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '))
    .filter((target) => target.startsWith(`${folder}/`))
    .reverse();
  for (const target of targets) await runCommand('umount', ['--lazy', target]);
}

async function removeControlGroups(containers: readonly string[]): Promise<void> {
  for (const group of await controlGroups(containers)) await removeTree(group);
  // The parent is shared with any other containerd on the machine: it goes only when empty, which is all that rmdir does.
  for (const hierarchy of await cgroupHierarchies()) await rmdir(join(hierarchy, containerdGroup)).catch(() => undefined);
}

async function removeTree(group: string): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  }
  await rmdir(group).catch(() => undefined);
}

/** The cgroup folders of our containers, under every v1 controller and in v2. */
async function controlGroups(containers: readonly string[]): Promise<string[]> {
  const groups: string[] = [];
  for (const hierarchy of await cgroupHierarchies()) {
    const present = new Set(await readdir(join(hierarchy, containerdGroup)).catch(() => []));
    groups.push(...containers.filter((id) => present.has(id)).map((id) => join(hierarchy, containerdGroup, id)));
  }
  return groups;
}

/** Named after containerd's namespace. */
const containerdGroup = 'k8s.io';

async function cgroupHierarchies(): Promise<string[]> {
  const root = '/sys/fs/cgroup';
  const entries = await readdir(root, { withFileTypes: true });
  return [root, ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name))];
}

async function removeNetworkResults(): Promise<void> {
  const folder = '/var/lib/cni/results';
  for (const file of await readdir(folder).catch(() => [])) {
    if (file.startsWith('authsome-')) await rm(join(folder, file), { force: true });
  }
}
