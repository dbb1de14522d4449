import type { Redis } from 'ioredis';

/** Copies of sessions under their tokens, and lists of those: versions before hashing wrote them. A hash has 64 characters. */
const oldKey = /^auth:(?:[A-Za-z0-9]{32}|active-sessions-.*|revoked-sessions-before-.*)$/;
const scanCount = 500;

/** Removes from Redis what earlier versions left there with session tokens in it. */
export async function removeOldCopies(redis: Redis): Promise<number> {
  let removed = 0;
  for await (const keys of redis.scanStream({ match: 'auth:*', count: scanCount }) as AsyncIterable<string[]>) {
    const old = keys.filter((key) => oldKey.test(key));
    if (old.length > 0) removed += await redis.unlink(...old);
  }
  return removed;
}
