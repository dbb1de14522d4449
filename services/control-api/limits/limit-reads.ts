import { LRUCache } from 'lru-cache';
import { appErrors } from '../../shared/errors.ts';
import type { RateLimit } from './rate-limit.ts';

/** Far above any dashboard or command line that waits; each takes one or two of the connections to the database for a moment. */
const readsPerSecond = 50;
/** About 100 bytes each. */
const maxAccounts = 20_000;

/**
 * Counts the reads of an account in each second. In this process only: it keeps one account from taking the database's connections from all
 * others, and is no quota.
 *
 * @param now milliseconds
 */
export function createReadLimit({
  now = Date.now,
  perSecond = readsPerSecond,
}: { now?: () => number; perSecond?: number } = {}): RateLimit {
  const counts = new LRUCache<string, { second: number; count: number }>({ max: maxAccounts });

  return {
    count(accountId) {
      const second = Math.floor(now() / 1_000);
      const known = counts.get(accountId);
      const entry = known?.second === second ? known : { second, count: 0 };
      entry.count += 1;
      counts.set(accountId, entry);
      return entry.count > perSecond ? Promise.reject(appErrors.rateLimited(1)) : Promise.resolve();
    },
  };
}
