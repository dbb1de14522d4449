import { platformContainer } from '../../platform/platform-container.ts';
import { median } from '../median.ts';
import { setConcurrency } from './concurrency.ts';
import type { ProvisionBench } from './provision-bench.ts';
import { watchMemory } from './watch-memory.ts';

export interface Throughput {
  /** Operations that the worker does at the same time. */
  concurrency: number;
  tenants: number;
  /** From the first request until the last was active. */
  tenantsPerMinute: number;
  /** From the first request until half of them were active, in seconds. */
  medianReadySeconds: number;
  deletionsPerMinute: number;
  /** Working set of the worker's pod with all that it runs, in MiB: the highest while they were made, and while they were deleted. */
  peakMemoryMib: number;
}

const tenantCount = 20;

/** Queues 20 free tenants at once, with nothing else to do, and then the deletion of all. */
export async function measureThroughput(bench: ProvisionBench, concurrency: number): Promise<Throughput> {
  const { tenants } = bench;
  await setConcurrency(bench, concurrency);
  // The first operation of a worker reads its programs from the disk.
  await tenants.create(1);
  await tenants.destroyAll();
  const memory = watchMemory(await platformContainer(bench, 'provisioner'));
  try {
    const readyMs = await tenants.create(tenantCount);
    const destroyMs = await tenants.destroyAll();
    const figures = {
      ...{ concurrency, tenants: tenantCount },
      tenantsPerMinute: perMinute(readyMs.at(-1)),
      medianReadySeconds: Math.round(median(readyMs) / 100) / 10,
      deletionsPerMinute: perMinute(destroyMs),
      peakMemoryMib: await memory.stop(),
    };
    console.log(
      `concurrency ${concurrency}: ${figures.tenantsPerMinute} tenants/min, ${figures.deletionsPerMinute} deletions/min, ${figures.peakMemoryMib} MiB`,
    );
    return figures;
  } finally {
    await memory.stop().catch(() => undefined);
  }
}

function perMinute(elapsedMs = Number.NaN): number {
  return Math.round((tenantCount / (elapsedMs / 60_000)) * 10) / 10;
}
