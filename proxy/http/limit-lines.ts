import { createRateLimiter } from '../passes/limit-rate.ts';

/** Of requests that no key was charged for: a client without one must not fill the disk that logs are kept on. */
const refusalLinesPerSecond = 50;
const refusals = new Set([401, 404, 429]);

interface LineVerdict {
  admitted: boolean;
  /** Lines since the last one that was admitted. The metrics have counted their requests. */
  leftOut: number;
}

/**
 * Says which answers get a line in the log.
 *
 * @param now milliseconds
 */
export function createLineLimit({ now }: { now: () => number }): (status: number) => LineVerdict {
  const limiter = createRateLimiter({ now });
  let waiting = 0;

  return (status) => {
    const admitted = !refusals.has(status) || limiter.take('lines', refusalLinesPerSecond).allowed;
    const leftOut = waiting;
    waiting = admitted ? 0 : waiting + 1;
    return { admitted, leftOut: admitted ? leftOut : 0 };
  };
}
