import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

interface AwaitServersOptions {
  /** Of databases; only their hosts and ports are looked at. */
  urls: readonly string[];
  timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;
const connectTimeoutMs = 3_000;
const pauseMs = 250;
const defaultPort = 5_432;

/**
 * Waits until each server accepts connections. A task's pod may run before its network policies hold on the node, and is refused for a second; as it does
 * its work once and ends, that would be the end of it.
 *
 * @throws Error that names the host which could not be reached in time (60 s unless said), with the last reason as its cause
 */
export async function awaitServers({ urls, timeoutMs = defaultTimeoutMs }: AwaitServersOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const places = new Map(
    urls.map((url) => new URL(url)).map(({ hostname, port }) => [`${hostname}:${port || defaultPort}`, { hostname, port }]),
  );
  await Promise.all(
    [...places].map(async ([name, { hostname, port }]) => {
      for (;;) {
        const failure = await tryConnection(hostname, Number(port || defaultPort));
        if (failure === undefined) return;
        if (Date.now() >= deadline) throw new Error(`${name} can't be reached`, { cause: failure });
        await delay(pauseMs);
      }
    }),
  );
}

function tryConnection(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs });
    const end = (failure?: Error): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(new Error('no answer')));
    socket.once('error', end);
  });
}
