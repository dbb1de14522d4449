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
  const nc = await connect({
    servers: url,
    name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: reconnectPauseMs,
    pingInterval: pingIntervalMs,
  });
  void logStatus(nc, log);
  return nc;
}

async function logStatus(nc: NatsConnection, log: Log): Promise<void> {
  for await (const { type } of nc.status()) {
    if (type === 'disconnect') log.warn('NATS connection lost');
    if (type === 'reconnect') log.info('NATS connection restored');
  }
}
