import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { endOwnChildren } from './end-own-children.ts';

/** A signal ended the command. */
export class InterruptedError extends Error {
  override name = 'InterruptedError';
  readonly code = 'interrupted';
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals, hint: string) {
    super(`Stopped by ${signal}.${hint === '' ? '' : ` ${hint}`}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** What a command does about Ctrl-C, SIGTERM and the end of its terminal. */
export interface Interruption {
  /** What to type to go on; part of the last message. */
  hint: string;
  /**
   * Does work that must not be cut off. The first signal calls `stop`, and the work then ends in its own time; the second signal calls `force` and ends the process.
   *
   * @throws InterruptedError once the work has ended, if a signal came
   */
  guard<Result>(work: GuardedWork<Result>): Promise<Result>;
  /** Takes the handlers away. */
  close(): void;
}

export interface GuardedWork<Result> {
  run: () => Promise<Result>;
  stop: (signal: NodeJS.Signals) => void;
  force: () => Promise<void>;
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** For clean-up such as temporary folders, once the programs that the command waits for have been ended. */
const windDownMs = 2_000;
/** To end what a guarded work has started. */
const forceMs = 10_000;

export interface InterruptionOptions {
  /** Says a line to a person; never fails. */
  say: (line: string) => void;
  /** The end of the command's own action, however it ends. */
  ended: () => Promise<void>;
  /** Called at the very end, with the error that says what happened. */
  exit: (error: InterruptedError) => void;
}

/**
 * Listens for signals. Outside guarded work everything that the command does can be cut off at any moment and done again: the programs that it has started are ended, and
 * so is the command.
 */
export function listenForSignals({ say, ended, exit }: InterruptionOptions): Interruption {
  let guarded: { work: Pick<GuardedWork<unknown>, 'stop' | 'force'> } | undefined;
  let first: NodeJS.Signals | undefined;
  let cutting = false;
  const interruption: Interruption = {
    hint: '',
    async guard({ run, ...work }) {
      guarded = { work };
      try {
        const result = await run();
        if (first === undefined) return result;
      } catch (error) {
        if (first === undefined) throw error;
      } finally {
        guarded = undefined;
      }
      throw new InterruptedError(first, interruption.hint);
    },
    close: () => signals.forEach((signal) => process.off(signal, onSignal)),
  };
  const cut = async (signal: NodeJS.Signals, force?: () => Promise<void>): Promise<void> => {
    if (cutting) return;
    cutting = true;
    if (force !== undefined) await Promise.race([force().catch(() => undefined), delay(forceMs)]);
    await endOwnChildren();
    await Promise.race([ended(), delay(windDownMs)]);
    await endOwnChildren();
    exit(new InterruptedError(signal, interruption.hint));
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (guarded === undefined) return void cut(signal);
    if (first === undefined) {
      first = signal;
      say(`${signal}: stopping as soon as the step under way has ended. Once more stops at once.`);
      guarded.work.stop(signal);
    } else {
      say(`${signal} again: stopping at once.`);
      void cut(signal, guarded.work.force);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return interruption;
}

/** Without signals to listen for, as in tests and in suites that have handlers of their own, the work is simply done. */
export function guarded<Result>(interruption: Interruption | undefined, work: GuardedWork<Result>): Promise<Result> {
  return interruption === undefined ? work.run() : interruption.guard(work);
}
