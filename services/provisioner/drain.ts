import type { Log } from '../shared/log.ts';
import type { JobConsumer } from './consumer.ts';
import type { RunningOperations } from './running-operations.ts';

export interface DrainOptions {
  consumer: JobConsumer;
  running: RunningOperations;
  /** How long operations may go on before they are cancelled and handed back. */
  timeoutMs: number;
  log: Log;
}

/** Takes no more jobs, lets what runs finish, and after the timeout cancels it, so that another worker takes it over at once. */
export async function drain({ consumer, running, timeoutMs, log }: DrainOptions): Promise<void> {
  const deadline = setTimeout(() => {
    log.warn({ operations: running.list(), timeoutMs }, 'Cancelling operations to shut down in time');
    running.stopAll('shutdown');
  }, timeoutMs);
  try {
    await consumer.stop();
  } finally {
    clearTimeout(deadline);
  }
}
