import { createRateLimiter } from './limit-rate.ts';
import type { RateVerdict } from './limit-rate.ts';

/**
 * Requests a second of one client (client-group.ts) to one application that carry no valid key. In front of everything that clients share,
 * so that one of them can't use it up. Browsers remember preflights for two hours and verifiers remember keys, so that even an office
 * behind one address stays far below.
 */
const keylessPerSecond = 50;
/** Ids that this proxy has not heard of yet: each costs a look into Redis and PostgreSQL. */
const unheardPerSecond = 50;

export interface ClientLimits {
  /** A preflight, or a request for public keys. */
  takeKeyless(client: string, appId: string): RateVerdict;
  /** A key that is none. */
  takeRefused(client: string, appId: string): RateVerdict;
  takeUnheard(client: string): RateVerdict;
}

/** @param now milliseconds */
export function createClientLimits({ now }: { now: () => number }): ClientLimits {
  // Apart from the keys' buckets, which clients without a key must not push out.
  const limiter = createRateLimiter({ now });
  return {
    takeKeyless: (client, appId) => limiter.take(`keyless ${appId} ${client}`, keylessPerSecond),
    takeRefused: (client, appId) => limiter.take(`refused ${appId} ${client}`, keylessPerSecond),
    takeUnheard: (client) => limiter.take(`unheard ${client}`, unheardPerSecond),
  };
}
