import { readStatus } from './life.ts';
import type { Platform } from './platform.ts';
import { until } from './until.ts';

/** For all that is left together; what is deleted already costs a question each. */
const limitMs = 300_000;
const askAgainMs = 30_000;

/**
 * Deletes for good whatever the suite has made and not deleted. An application whose deletion fails is asked for again.
 *
 * @throws Error naming those that could not be deleted in time
 */
export async function cleanUp(platform: Platform): Promise<void> {
  let left = [...platform.made];
  let askedAt = -askAgainMs;
  await until(
    async () => {
      const statuses = await Promise.all(left.map((id) => readStatus(platform, id)));
      left = left.filter((_, index) => statuses[index] !== 'deleted');
      if (left.length === 0) return true;
      if (performance.now() - askedAt >= askAgainMs) {
        askedAt = performance.now();
        await Promise.all(left.map((id) => platform.client.destroyApplication(id)));
      }
      return undefined;
    },
    { deadline: performance.now() + limitMs, intervalMs: 1_000 },
  );
  if (left.length > 0) throw new Error(`not deleted within ${limitMs / 1_000} s: ${left.join(', ')}`);
}
