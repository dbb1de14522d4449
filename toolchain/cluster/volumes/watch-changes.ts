import { setTimeout as delay } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';

export interface WatchChangesOptions {
  kubeconfig: KubeConfig;
  /** Collections of the API to watch. */
  paths: readonly string[];
  signal: AbortSignal;
}

export interface Changes {
  /** Resolves at the first change after the call, or when a change may have been missed. */
  next(): Promise<void>;
}

/** The server ends a watch after so long: one that hangs without a word is soon a new one. */
const watchSeconds = 300;
const reconnectMs = 1_000;

/** Says when something in the collections has changed, and nothing about what. Watches until `signal`. */
export function watchChanges({ kubeconfig, paths, signal }: WatchChangesOptions): Changes {
  let wake: () => void = () => undefined;
  let pending = Promise.resolve();
  const renew = (): void => {
    pending = new Promise((resolve) => (wake = resolve));
  };
  const report = (): void => {
    wake();
    renew();
  };
  renew();
  for (const path of paths) void keepWatching({ kubeconfig, path, signal, report });
  return { next: () => pending };
}

interface Watched {
  kubeconfig: KubeConfig;
  path: string;
  signal: AbortSignal;
  report: () => void;
}

async function keepWatching({ kubeconfig, path, signal, report }: Watched): Promise<void> {
  while (!signal.aborted) {
    await watchOnce({ kubeconfig, path, signal, report });
    // Between two watches anything may have happened.
    report();
    await delay(reconnectMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves when the watch has ended, however it did: the round that follows meets whatever is wrong, and reports it. */
async function watchOnce({ kubeconfig, path, signal, report }: Watched): Promise<void> {
  await new Promise<void>((resolve) => {
    new Watch(kubeconfig)
      .watch(path, { timeoutSeconds: watchSeconds }, report, () => resolve())
      .then((controller) => {
        signal.addEventListener('abort', () => controller.abort(), { once: true });
        if (signal.aborted) controller.abort();
      })
      .catch(() => resolve());
  });
}
