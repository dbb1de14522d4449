import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';

export interface ScheduledTask {
  name: string;
  /** From the end of one run to the start of the next. */
  intervalMs: number;
  /** One run; answers whether there may be more to do at once. It must stop soon after its signal aborts. */
  run: (signal: AbortSignal) => Promise<boolean | void>;
}

/**
 * Runs each task again and again, beside one another, until the signal aborts; the first runs begin at once. A run that fails is logged, and
 * comes again at its time.
 */
export async function runSchedule(tasks: readonly ScheduledTask[], log: Log, signal: AbortSignal): Promise<void> {
  await Promise.all(tasks.map((task) => runTask(task, log, signal)));
}

async function runTask({ name, intervalMs, run }: ScheduledTask, log: Log, signal: AbortSignal): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    let more = false;
    try {
      more = (await run(signal)) === true;
      failing = false;
    } catch (err) {
      if (!signal.aborted) log[failing ? 'debug' : 'warn']({ err, task: name }, 'A scheduled task failed');
      failing = true;
    }
    if (!more) await delay(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
