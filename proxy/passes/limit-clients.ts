import { createRateLimiter } from './limit-rate.ts';
import type { RateVerdict } from './limit-rate.ts';

/**
 * Requests a second of one client (client-group.ts) to one application that carry no valid key. In front of everything that clients share,
 * so that one of them can't use it up, and each kind apart: pages must work beside a verifier that asks too often behind the same address.
 * Browsers remember preflights for two hours and verifiers remember keys, so that even an office behind one address stays far below.
 */
const preflightsPerSecond = 100;
/** Answered from memory. */
const keySetsPerSecond = 200;
const refusedPerSecond = 50;
/** Ids that this proxy has not heard of yet: each costs a look into Redis and PostgreSQL. */
const unheardPerSecond = 50;

export interface ClientLimits {
  takePreflight(client: string, appId: string): RateVerdict;
  /** A request for public keys. */
  takeKeySet(client: string, appId: string): RateVerdict;
  /** A key that is none. */
  takeRefused(client: string, appId: string): RateVerdict;
  takeUnheard(client: string): RateVerdict;
}

/** @param now milliseconds */
export function createClientLimits({ now }: { now: () => number }): ClientLimits {
  // Apart from the keys' buckets, which clients without a key must not push out.
  const limiter = createRateLimiter({ now });
  return {
    takePreflight: (client, appId) => limiter.take(`preflight ${appId} ${client}`, preflightsPerSecond),
    takeKeySet: (client, appId) => limiter.take(`key set ${appId} ${client}`, keySetsPerSecond),
    takeRefused: (client, appId) => limiter.take(`refused ${appId} ${client}`, refusedPerSecond),
    takeUnheard: (client) => limiter.take(`unheard ${client}`, unheardPerSecond),
  };
}
