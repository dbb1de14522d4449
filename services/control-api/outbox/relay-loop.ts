import type { Log } from '../../shared/log.ts';

export interface RelayLoop {
  /** Asks for a round now, because something was committed. */
  wake(): void;
  /** Ends the loop, after the round that is running. */
  stop(): Promise<void>;
}

interface RelayLoopOptions {
  /** One round; answers whether there may be more to do at once. */
  round: () => Promise<boolean>;
  /** What this process did not see: other replicas' commits, and what failed before. */
  pollMs: number;
  name: string;
  log: Log;
}

/** Runs rounds one after another: at once when woken, else at the poll interval. Each outage is logged once, and once its end. */
export function startRelayLoop({ round, pollMs, name, log }: RelayLoopOptions): RelayLoop {
  let stopped = false;
  let woken = false;
  let endPause = (): void => undefined;
  let failing = false;

  const pause = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      const more = await runRound();
      // A wake-up that came during the round may be about something that the round did not see.
      if (!more && !woken && !stopped) await pause();
    }
  };

  const runRound = async (): Promise<boolean> => {
    try {
      const more = await round();
      if (failing) log.info({ relay: name }, 'Relay works again');
      failing = false;
      return more;
    } catch (err) {
      if (!failing) log.warn({ err, relay: name }, 'Relay failed, will try again');
      failing = true;
      // Without this a wake-up storm during an outage would spin.
      woken = false;
      return false;
    }
  };

  const running = run();
  return {
    wake() {
      woken = true;
      endPause();
    },
    async stop() {
      stopped = true;
      endPause();
      await running;
    },
  };
}
