import { readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { clusterSettings as s } from './settings.ts';

/** Room for images, tools and data, in bytes: 6 GiB. */
const diskNeeded = 6 * 1024 ** 3;
const memoryNeeded = 3 * 1024 ** 3;

/** One thing that stands in the way of starting the cluster, and what to do about it. */
export interface Obstacle {
  what: string;
  remedy: string;
}

/** What is asked of the machine; tests ask another one. Sizes in bytes. */
export interface Machine {
  platform: string;
  uid: number | undefined;
  freeDisk: (folder: string) => Promise<number>;
  availableMemory: () => Promise<number>;
}

const thisMachine: Machine = { platform: process.platform, uid: process.getuid?.(), freeDisk, availableMemory };

/** Checks, before anything is changed, whether this machine can run the local cluster. All obstacles at once. */
export async function findObstacles(stateDir: string, machine: Machine = thisMachine): Promise<Obstacle[]> {
  if (machine.platform !== 'linux') {
    return [{ what: `the local cluster needs Linux, this is ${machine.platform}`, remedy: 'set KUBECONFIG to a cluster of your own' }];
  }
  if (machine.uid !== 0)
    return [{ what: 'the local cluster must be started as root', remedy: 'run with sudo, or set KUBECONFIG to a cluster of your own' }];
  const found = await Promise.all([ports(), kernel(), disk(stateDir, machine), memory(machine), subnet()]);
  return found.flat();
}

async function ports(): Promise<Obstacle[]> {
  const loopback = [
    s.etcdPort,
    s.etcdPeerPort,
    s.kubeletHealthPort,
    s.controllerManagerPort,
    s.schedulerPort,
    s.kubeProxyHealthPort,
    s.kubeProxyMetricsPort,
    s.kubeRouterHealthPort,
    s.volumeProvisionerHealthPort,
    s.dnsPort,
    s.dnsHealthPort,
    s.apiPort,
    s.kubeletPort,
  ];
  const taken = (await Promise.all(loopback.map(async (port) => ((await isFree(port)) ? [] : [port])))).flat();
  return taken.map((port) => ({ what: `port ${port} is in use`, remedy: `find its owner with: ss -ltnp 'sport = :${port}'` }));
}

/** Listening on every address finds a holder on any of them. */
async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function kernel(): Promise<Obstacle[]> {
  const [filesystems, controllers] = await Promise.all([
    readFile('/proc/filesystems', 'utf8'),
    readFile('/proc/cgroups', 'utf8').catch(() => ''),
  ]);
  const found: Obstacle[] = [];
  if (!/\boverlay\b/.test(filesystems)) found.push({ what: 'the kernel has no overlay filesystem', remedy: 'load it: modprobe overlay' });
  for (const controller of ['cpu', 'memory', 'pids']) {
    if (!new RegExp(`^${controller}\\t.*\\t1$`, 'm').test(controllers)) {
      found.push({
        what: `the ${controller} cgroup controller is off`,
        remedy: `enable it on the kernel command line: cgroup_enable=${controller}`,
      });
    }
  }
  return found;
}

async function disk(stateDir: string, machine: Machine): Promise<Obstacle[]> {
  const free = await machine.freeDisk(stateDir);
  if (free >= diskNeeded) return [];
  const what = `${gibibytes(free)} GiB free at ${stateDir}, ${gibibytes(diskNeeded)} needed`;
  return [{ what, remedy: 'free some space, or set AUTHSOME_STATE_DIR' }];
}

async function memory(machine: Machine): Promise<Obstacle[]> {
  const available = await machine.availableMemory();
  if (available >= memoryNeeded) return [];
  return [{ what: `${gibibytes(available)} GiB memory available, ${gibibytes(memoryNeeded)} needed`, remedy: 'stop something else' }];
}

async function freeDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch(() => statfs('.'));
  return bavail * bsize;
}

async function availableMemory(): Promise<number> {
  return Number(/MemAvailable:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
}

/** Another route to our pod or service network would swallow its traffic. */
async function subnet(): Promise<Obstacle[]> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '');
  const taken = routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([device, destination]) => device !== s.bridge && destination !== undefined && /^0000(4D|4E)0A$/i.test(destination));
  return taken.map(([device]) => ({
    what: `interface ${device} has a route to ${s.podCidr} or ${s.serviceCidr}`,
    remedy: 'remove that network',
  }));
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
