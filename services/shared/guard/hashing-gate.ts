import { appErrors } from '../errors.ts';

export interface HashingGate {
  /**
   * Runs the work when it is its turn. Turns go round the clients that wait.
   *
   * @param client whose turn it is: {@link clientKey}, or the account where no client is known
   * @throws AppError service_unavailable where too many wait already
   */
  run<T>(client: string, work: () => Promise<T>): Promise<T>;
}

interface HashingGateOptions {
  /** Works at once. */
  concurrency: number;
  /** Works that may wait, all clients together. */
  maxWaiting?: number;
  /** Works of one client that may wait. */
  maxWaitingOfOne?: number;
}

interface Waiting {
  start: () => void;
  refuse: (err: Error) => void;
}

/** Hashing takes about 0.2 s of a core: the last of these waits some 10 s with one core, below the proxy's timeout of 25 s. */
const defaultMaxWaiting = 50;
/** Many people behind one address sign in at once on a Monday; a queue that is half empty is left for all others. */
const defaultShareOfOne = 0.5;

/**
 * Lets few sign-ups and sign-ins at once through. better-auth hashes the password while it holds a database connection, so a burst of them
 * would take every connection of the pool, and sessions could not be read in the meantime.
 *
 * One client can't fill it: a newcomer waits for one work of each other client at most, and in a full queue it replaces the newest work of
 * the client that has the most.
 */
export function createHashingGate({ concurrency, maxWaiting = defaultMaxWaiting, maxWaitingOfOne }: HashingGateOptions): HashingGate {
  const limitOfOne = maxWaitingOfOne ?? Math.max(1, Math.ceil(maxWaiting * defaultShareOfOne));
  /** In the order of their turns; no queue is empty. */
  const queues = new Map<string, Waiting[]>();
  let running = 0;
  let waiting = 0;

  function makeRoom(client: string): boolean {
    const own = queues.get(client)?.length ?? 0;
    if (own >= limitOfOne) return false;
    if (waiting < maxWaiting) return true;
    const [longest] = [...queues].toSorted(([, a], [, b]) => b.length - a.length);
    if (!longest || longest[1].length <= own + 1) return false;
    waiting -= 1;
    longest[1].pop()?.refuse(appErrors.unavailable('busy'));
    return true;
  }

  function takeNext(): Waiting | undefined {
    const [first] = queues;
    if (!first) return undefined;
    const [client, queue] = first;
    const next = queue.shift();
    waiting -= 1;
    queues.delete(client);
    // To the end of the round.
    if (queue.length > 0) queues.set(client, queue);
    return next;
  }

  return {
    async run(client, work) {
      if (running < concurrency) running += 1;
      else if (!makeRoom(client)) throw appErrors.unavailable('busy');
      else {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const queue = queues.get(client) ?? [];
        queues.set(client, [...queue, { start: resolve, refuse: reject }]);
        waiting += 1;
        await promise;
      }
      try {
        return await work();
      } finally {
        const next = takeNext();
        // Whoever leaves hands its place over, so `running` stays as it is.
        if (next) next.start();
        else running -= 1;
      }
    },
  };
}
