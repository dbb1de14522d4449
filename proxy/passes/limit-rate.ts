import { LRUCache } from 'lru-cache';
import type { Plan } from '../../services/shared/plans.ts';

/** Requests a second for each key. The enterprise figure is a default: contracts set their own. */
export const requestsPerSecond: Readonly<Record<Plan, number>> = { free: 10, pro: 100, enterprise: 1_000 };

export interface RateVerdict {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Unix time in seconds at which the bucket is full again. */
  resetAt: number;
  /** Until the next request will be let through; 0 where this one was. */
  retryAfterSeconds: number;
}

export interface RateLimiter {
  /** Takes one request from the key's bucket. */
  take(keyId: string, perSecond: number): RateVerdict;
}

interface Bucket {
  tokens: number;
  updatedAt: number;
}

/** About 100 bytes each. One that is pushed out comes back full. */
const maxBuckets = 100_000;

/**
 * One token bucket a key, holding one second's requests. Each proxy replica counts for itself: with five replicas a key gets up to five
 * times its rate. Limits shared between replicas (in Redis, off the hot path) come with the plans' monthly quotas.
 *
 * @param now milliseconds
 */
export function createRateLimiter({ now }: { now: () => number }): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: maxBuckets });

  return {
    take(keyId, perSecond) {
      const at = now();
      const bucket = buckets.get(keyId) ?? { tokens: perSecond, updatedAt: at };
      bucket.tokens = Math.min(perSecond, bucket.tokens + (Math.max(0, at - bucket.updatedAt) / 1_000) * perSecond);
      bucket.updatedAt = at;
      const allowed = bucket.tokens >= 1;
      if (allowed) bucket.tokens -= 1;
      buckets.set(keyId, bucket);
      return {
        allowed,
        limit: perSecond,
        remaining: Math.floor(bucket.tokens),
        resetAt: Math.ceil(at / 1_000 + (perSecond - bucket.tokens) / perSecond),
        retryAfterSeconds: allowed ? 0 : (1 - bucket.tokens) / perSecond,
      };
    },
  };
}

/** What a request that no key could be charged for is told: a full bucket. */
export function untouchedBucket(perSecond: number, now: number): RateVerdict {
  return { allowed: true, limit: perSecond, remaining: perSecond, resetAt: Math.ceil(now / 1_000), retryAfterSeconds: 0 };
}
