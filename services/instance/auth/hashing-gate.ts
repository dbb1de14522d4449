import { appErrors } from '../../shared/errors.ts';

export interface HashingGate {
  /** Runs the work when it is its turn. @throws service_unavailable where too many wait already */
  run<T>(work: () => Promise<T>): Promise<T>;
}

interface HashingGateOptions {
  /** Works at once. */
  concurrency: number;
  /** Works that may wait. */
  maxWaiting?: number;
}

/** Hashing takes about 0.2 s of a core: the last of these waits some 10 s with one core, below the proxy's timeout of 25 s. */
const defaultMaxWaiting = 50;

/**
 * Lets few sign-ups and sign-ins at once through. better-auth hashes the password while it holds a database connection, so a burst of them
 * would take every connection of the pool, and sessions could not be read meanwhile.
 */
export function createHashingGate({ concurrency, maxWaiting = defaultMaxWaiting }: HashingGateOptions): HashingGate {
  const waiting: (() => void)[] = [];
  let running = 0;

  return {
    async run(work) {
      if (running < concurrency) running += 1;
      else if (waiting.length >= maxWaiting) throw appErrors.unavailable('upstream');
      // Whoever leaves hands its place over, so `running` stays as it is.
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
  };
}
