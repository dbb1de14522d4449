import { ConfigError } from './config.ts';
import { createLog } from './log.ts';
import type { Log } from './log.ts';

export interface Lifecycle {
  /** Registers what to close; the last registered is closed first, so register a thing right after it was opened. */
  onShutdown(label: string, close: () => Promise<void> | void): void;
  /** Aborted when the shutdown begins: loops watch it. */
  signal: AbortSignal;
}

/** Below Kubernetes' grace period (set to 40 s in the platform stack), so that we cut what hangs and not the kernel. */
const drainTimeoutMs = 30_000;

/**
 * Runs a server process: `start` opens its parts and returns. On SIGTERM or SIGINT they are closed in reverse order, at most 30 s in all;
 * a second signal exits at once. A failed start, or an error nobody caught, closes what is open and exits 1.
 */
export function runMain(name: string, start: (lifecycle: Lifecycle) => Promise<void>): void {
  const process_ = createProcessLifecycle(name);
  start(process_.lifecycle).then(
    () => process_.log.info('Started'),
    (err: unknown) => process_.fail(err, 'Start failed'),
  );
}

/**
 * Runs a process that ends by itself, such as a migration: closes what it opened, then exits 0, or 1 where it failed or was told to stop before its
 * end, since whoever started it would take it for done.
 */
export function runTask(name: string, run: (lifecycle: Lifecycle) => Promise<void>): void {
  const process_ = createProcessLifecycle(name, { stoppedExitCode: 1 });
  run(process_.lifecycle).then(
    () => process_.shutDown(0),
    (err: unknown) => process_.fail(err, 'Task failed'),
  );
}

interface ProcessLifecycle {
  lifecycle: Lifecycle;
  log: Log;
  shutDown(exitCode: number): void;
  fail(err: unknown, message: string): void;
}

/** @param stoppedExitCode after a signal */
function createProcessLifecycle(name: string, { stoppedExitCode = 0 } = {}): ProcessLifecycle {
  const log = createLog({ name, level: 'info' });
  const closers: { label: string; close: () => Promise<void> | void }[] = [];
  const stopping = new AbortController();

  const shutDown = (exitCode: number): void => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => {
      log.error({ drainTimeoutMs }, 'Shutdown took too long');
      process.exit(1);
    }, drainTimeoutMs).unref();
    void closeAll(closers, log).then((clean) => process.exit(clean ? exitCode : 1));
  };

  const fail = (err: unknown, message: string): void => {
    if (err instanceof ConfigError) log.fatal({ problems: err.problems }, 'Bad configuration');
    else log.fatal({ err }, message);
    shutDown(1);
  };

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(1);
    log.info({ signal }, 'Shutting down');
    shutDown(stoppedExitCode);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (err) => fail(err, 'Uncaught exception'));
  process.on('unhandledRejection', (err) => fail(err, 'Unhandled rejection'));

  return {
    lifecycle: { onShutdown: (label, close) => closers.push({ label, close }), signal: stopping.signal },
    log,
    shutDown,
    fail,
  };
}

async function closeAll(closers: { label: string; close: () => Promise<void> | void }[], log: Log): Promise<boolean> {
  let clean = true;
  for (const { label, close } of closers.toReversed()) {
    try {
      await close();
    } catch (err) {
      clean = false;
      log.error({ err, label }, 'Closing failed');
    }
  }
  return clean;
}
