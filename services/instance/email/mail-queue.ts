import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { describeMailError } from './describe-mail-error.ts';
import type { Mail, Mailer } from './mailer.ts';

/** Looks up and writes one mail; null where none is to be sent. */
export type ComposeMail = () => Promise<Mail | null>;

export interface MailQueue {
  /** Takes a mail on. Returns at once. @throws service_unavailable where too many wait already */
  add(compose: ComposeMail): void;
  /** Takes nothing on any more, and gives what is under way this long. */
  drain(timeoutMs: number): Promise<void>;
}

interface MailQueueOptions {
  mailer: Mailer;
  log: Log;
  /** Told of each mail's end. */
  onEnd?: (outcome: MailOutcome) => void;
  maxPending?: number;
  /** Pauses before the second and each further attempt. */
  retryPausesMs?: readonly number[];
}

export type MailOutcome = 'sent' | 'skipped' | 'failed';

const concurrency = 2;
/** Some 10 KiB each where they wait for a second attempt. */
const defaultMaxPending = 1_000;
/** A server that greylists takes a mail after a minute or some. */
const defaultRetryPausesMs = [1_000, 10_000, 90_000];

/**
 * Sends mail outside of requests, a few at once. It lives in this process: what is pending when that dies is lost, and its addressee asks
 * again.
 */
export function createMailQueue(options: MailQueueOptions): MailQueue {
  const { mailer, log, onEnd, maxPending = defaultMaxPending, retryPausesMs = defaultRetryPausesMs } = options;
  const waiting: (() => Promise<void>)[] = [];
  const pauses = new Set<NodeJS.Timeout>();
  let pending = 0;
  let running = 0;
  let closed = false;
  let onIdle: (() => void) | undefined;

  function enqueue(work: () => Promise<void>): void {
    waiting.push(work);
    startNext();
  }

  function startNext(): void {
    if (running >= concurrency) return;
    const work = waiting.shift();
    if (!work) return;
    running += 1;
    void work().finally(() => {
      running -= 1;
      startNext();
    });
  }

  function end(outcome: MailOutcome): void {
    pending -= 1;
    onEnd?.(outcome);
    if (pending === 0) onIdle?.();
  }

  async function attempt(compose: ComposeMail, number: number): Promise<void> {
    try {
      const mail = await compose();
      if (mail) await deliver(mail, number);
      else end('skipped');
    } catch (err) {
      log.error({ err }, 'Mail could not be written');
      end('failed');
    }
  }

  async function deliver(mail: Mail, number: number): Promise<void> {
    try {
      await mailer.send(mail);
      end('sent');
    } catch (err) {
      const pauseMs = retryPausesMs[number];
      if (pauseMs === undefined || closed || isFinal(err)) {
        log.error({ ...describeMailError(err), attempts: number + 1 }, 'Mail could not be sent');
        end('failed');
        return;
      }
      log.warn({ ...describeMailError(err), attempts: number + 1 }, 'Mail could not be sent yet');
      const pause = setTimeout(() => {
        pauses.delete(pause);
        enqueue(() => deliver(mail, number + 1));
      }, pauseMs);
      pauses.add(pause);
    }
  }

  return {
    add(compose) {
      if (closed || pending >= maxPending) throw appErrors.unavailable('upstream');
      pending += 1;
      enqueue(() => attempt(compose, 0));
    },

    async drain(timeoutMs) {
      closed = true;
      // What waits for a further attempt had its chance: its server does not answer.
      for (const pause of pauses) clearTimeout(pause);
      pending -= pauses.size;
      const abandoned = pauses.size;
      pauses.clear();
      if (pending > 0) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          onIdle = resolve;
          timer = setTimeout(resolve, timeoutMs);
        });
        clearTimeout(timer);
      }
      if (pending + abandoned > 0) log.warn({ mails: pending + abandoned }, 'Mails were given up');
    },
  };
}

/** The server has understood and refuses: an unknown mailbox, a forbidden sender. 4xx means: later. */
function isFinal(err: unknown): boolean {
  return err instanceof Error && 'responseCode' in err && typeof err.responseCode === 'number' && err.responseCode >= 500;
}
