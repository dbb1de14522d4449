import { Worker, parentPort } from 'node:worker_threads';
import { z } from 'zod';

export interface BcryptThread {
  verify: (given: { hash: string; password: string }) => Promise<boolean>;
  close: () => Promise<void>;
}

interface BcryptThreadOptions {
  /** A program that calls `serveBcrypt` when it is not the main thread. */
  program: string | URL;
  /** After this time without work the thread ends, and its memory with it. */
  idleMs?: number;
}

const defaultIdleMs = 60_000;
const question = z.object({ id: z.number(), hash: z.string(), password: z.string() });
const answer = z.object({ id: z.number(), valid: z.boolean() });

/**
 * Verifies bcrypt hashes in a thread, which starts at the first one: bcrypt in JavaScript takes 60 ms at cost 10 and a second at 14, in
 * which this thread could answer nobody.
 */
export function createBcryptThread({ program, idleMs = defaultIdleMs }: BcryptThreadOptions): BcryptThread {
  const waiting = new Map<number, { resolve: (valid: boolean) => void; reject: (err: Error) => void }>();
  let worker: Worker | undefined;
  let idleTimer: NodeJS.Timeout | undefined;
  let lastId = 0;

  function start(): Worker {
    const started = new Worker(program, { name: 'bcrypt', env: {} });
    started.unref();
    started.on('message', (message: unknown) => {
      const { id, valid } = answer.parse(message);
      waiting.get(id)?.resolve(valid);
      waiting.delete(id);
      if (waiting.size === 0) idleTimer = setTimeout(() => void stop(), idleMs).unref();
    });
    const fail = (err: Error): void => {
      if (worker !== started) return;
      worker = undefined;
      for (const { reject } of waiting.values()) reject(err);
      waiting.clear();
    };
    started.on('error', fail);
    started.on('exit', () => fail(new Error('The bcrypt thread has ended')));
    return started;
  }

  async function stop(): Promise<void> {
    clearTimeout(idleTimer);
    const stopped = worker;
    worker = undefined;
    await stopped?.terminate();
  }

  return {
    verify: ({ hash, password }) =>
      new Promise((resolve, reject) => {
        clearTimeout(idleTimer);
        worker ??= start();
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        worker.postMessage({ id: lastId, hash, password });
      }),
    close: stop,
  };
}

/** The thread's side. */
export function serveBcrypt(): void {
  const port = parentPort;
  port?.on('message', (message: unknown) => {
    const { id, hash, password } = question.parse(message);
    void import('bcryptjs').then(({ compareSync }) => port.postMessage({ id, valid: compareSync(password, hash) }));
  });
}
