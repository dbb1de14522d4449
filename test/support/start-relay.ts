import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Relay {
  url: string;
  port: number;
  /** Connections that were made so far. */
  connections(): number;
  /** From now on nothing is passed on, and connections stay open: a network that lost its way. */
  silence(): void;
  restore(): void;
  close: () => void;
}

/** Stands in front of a real server, to fall silent. Without one it accepts connections and never says a word. */
export async function startRelay(upstreamUrl?: string): Promise<Relay> {
  const sockets: Socket[] = [];
  let silent = false;
  const server = createServer((client) => {
    sockets.push(client);
    client.on('error', () => undefined);
    if (upstreamUrl === undefined) return;
    const { hostname, port } = new URL(upstreamUrl);
    const upstream = connect(Number(port), hostname);
    upstream.on('error', () => undefined);
    client.on('data', (chunk) => silent || upstream.write(chunk));
    upstream.on('data', (chunk) => silent || client.write(chunk));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(upstreamUrl ?? 'tcp://127.0.0.1');
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    port,
    connections: () => sockets.length,
    silence: () => (silent = true),
    restore: () => (silent = false),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
