import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Node request listener, or Koa's callback(), which answers with a promise that never rejects. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export interface Listening {
  /** The port that was bound: the given one, or a free one for port 0. */
  port: number;
  server: Server;
  /** Stops accepting, lets open requests finish, and after `drainMs` cuts those that are left. */
  close(drainMs: number): Promise<void>;
}

/** Longer than the idle timeout of load balancers in front (60 s is usual), so that they never reuse a connection we are closing. */
const keepAliveTimeoutMs = 65_000;
const requestTimeoutMs = 60_000;
const idleSweepMs = 50;

/** Serves HTTP. Resolves once the port is bound, and rejects where it can't be. */
export async function listen(handler: Handler, { port, host }: { port: number; host?: string }): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, requestTimeout: requestTimeoutMs });
  const open = new Set<ServerResponse>();
  let closing = false;
  server.on('request', (_req, res) => {
    if (closing) res.setHeader('Connection', 'close');
    open.add(res);
    res.once('close', () => open.delete(res));
  });
  server.on('request', (req, res) => void handler(req, res));

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });

  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: async (drainMs) => {
      closing = true;
      for (const res of open) if (!res.headersSent) res.setHeader('Connection', 'close');
      await closeServer(server, drainMs);
    },
  };
}

async function closeServer(server: Server, drainMs: number): Promise<void> {
  // A connection whose answer had already begun stays open when it ends, and would hold the close up for its keep-alive time.
  const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(sweep);
    clearTimeout(deadline);
  }
}
