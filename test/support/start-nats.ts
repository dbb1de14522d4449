import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';
import { natsClient } from './nats-client.ts';

/**
 * A NATS server of its own with JetStream; the binary is NATS_SERVER_BIN or `nats-server` on PATH. Given a port and the same directory it
 * comes back with its streams.
 */
export async function startNats(directory: string, givenPort?: number): Promise<{ url: string; port: number; stop: () => Promise<void> }> {
  const port = givenPort ?? (await freePort());
  const store = path.join(directory, 'nats');
  mkdirSync(store, { recursive: true });
  const server = await startChildServer({
    command: process.env.NATS_SERVER_BIN ?? 'nats-server',
    args: ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', store],
    probe: () => answers(port),
  });
  return { url: `nats://127.0.0.1:${port}`, port, stop: () => server.stop() };
}

async function answers(port: number): Promise<void> {
  const nc = await natsClient({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 1_000 });
  await nc.close();
}
