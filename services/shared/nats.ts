import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from './log.ts';

const reconnectPauseMs = 1_000;
/** Two missed pings make a connection stale: a silent partition is noticed in 20 to 30 s. */
const pingIntervalMs = 10_000;

/**
 * Connects to NATS and keeps reconnecting for ever, for the first connection too: the promise stays pending while the server is away.
 */
export async function connectNats({ url, name, log }: { url: string; name: string; log: Log }): Promise<NatsConnection> {
  const { server, user, pass } = splitCredentials(url);
  const nc = await connect({
    servers: server,
    ...(user === '' ? {} : { user, pass }),
    name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: reconnectPauseMs,
    pingInterval: pingIntervalMs,
  });
  void logStatus(nc, log);
  return nc;
}

/** The client does not read credentials from a URL: they are options of its own. */
function splitCredentials(url: string): { server: string; user: string; pass: string } {
  const { host, username, password } = new URL(url);
  return { server: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}

async function logStatus(nc: NatsConnection, log: Log): Promise<void> {
  for await (const { type } of nc.status()) {
    if (type === 'disconnect') log.warn('NATS connection lost');
    if (type === 'reconnect') log.info('NATS connection restored');
  }
}
