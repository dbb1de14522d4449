import { readFile } from 'node:fs/promises';

const sampleMs = 250;
const cgroupRoot = '/sys/fs/cgroup';

export interface MemoryWatch {
  /** Ends the watch. @returns the highest working set seen, in MiB */
  stop(): Promise<number>;
}

/**
 * Watches the working set of a container of the local cluster, as the kubelet counts it: all memory but the file cache that can be
 * dropped at once. The kernel's own peak counts that cache too, and would show the size of the programs' files.
 */
export function watchMemory(containerId: string): MemoryWatch {
  let peak = 0;
  const sample = async (): Promise<void> => {
    peak = Math.max(peak, await readWorkingSet(containerId).catch(() => 0));
  };
  const timer = setInterval(() => void sample(), sampleMs);
  return {
    async stop() {
      clearInterval(timer);
      await sample();
      if (peak === 0) throw new Error(`container ${containerId} has no memory control group`);
      return Math.round(peak / 2 ** 20);
    },
  };
}

async function readWorkingSet(containerId: string): Promise<number> {
  const v1 = `${cgroupRoot}/memory/k8s.io/${containerId}`;
  const v2 = `${cgroupRoot}/k8s.io/${containerId}`;
  const [usage, stat] = await Promise.all([
    readFile(`${v1}/memory.usage_in_bytes`, 'utf8').catch(() => readFile(`${v2}/memory.current`, 'utf8')),
    readFile(`${v1}/memory.stat`, 'utf8').catch(() => readFile(`${v2}/memory.stat`, 'utf8')),
  ]);
  const inactiveFile = /^total_inactive_file (\d+)$/m.exec(stat)?.[1] ?? /^inactive_file (\d+)$/m.exec(stat)?.[1] ?? '0';
  return Number(usage) - Number(inactiveFile);
}
