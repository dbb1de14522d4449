import { connect } from '@nats-io/transport-node';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';

/** For the server's first answer too. */
const timeoutMs = 10_000;

/** A connection of a test, which fails in time if the server says nothing. */
export function natsClient(options: ConnectionOptions): Promise<NatsConnection> {
  return connect({ timeout: timeoutMs, ...options });
}
