const unitBytes: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** The part of a container's memory that Redis may fill: the rest is for its buffers, and to be killed for none of them. */
const dataShare = 0.75;

/** Redis `maxmemory`, in bytes, for a container with this memory limit, a Kubernetes quantity such as `1Gi`. */
export function maxMemoryBytes(quantity: string): number {
  const match = /^(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?$/.exec(quantity);
  if (!match) throw new Error(`resources.redisMemory must be a Kubernetes quantity such as 1Gi, not ${quantity}`);
  return Math.floor(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? 1) * dataShare);
}
