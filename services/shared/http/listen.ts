import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assignHold, createBodyBudget } from './body-budget.ts';
import { connectionCheckMs, hardenServer } from './harden-server.ts';
import { createOpenAnswers } from './open-answers.ts';
import { securityHeaders } from './security-headers.ts';

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
const idleSweepMs = 50;
/** Bodies in memory at once, of readJson(): 500 of the largest ordinary ones. */
const defaultHeldBodyBytes = 32 * 1_048_576;

interface ListenOptions {
  port: number;
  host?: string;
  /** On the answers that are given before the handler is asked: what the parser refuses. */
  refusalHeaders?: Readonly<Record<string, string>>;
  /** Bytes of bodies that requests may hold at once; beyond, they are refused with 503. */
  heldBodyBytes?: number;
}

/** Serves HTTP. Resolves once the port is bound, and rejects where it can't be. */
export async function listen(
  handler: Handler,
  { port, host, refusalHeaders = {}, heldBodyBytes = defaultHeldBodyBytes }: ListenOptions,
): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, connectionsCheckingInterval: connectionCheckMs });
  const answers = createOpenAnswers();
  const { admit } = hardenServer(server, { answers, refusalHeaders });
  const bodies = createBodyBudget({ totalBytes: heldBodyBytes });
  let closing = false;
  server.on('request', (req, res) => {
    const { socket } = req;
    const hold = bodies.open('');
    answers.add(socket, res);
    res.once('close', () => {
      answers.remove(socket, res);
      hold.release();
    });
    for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value);
    if (closing) res.setHeader('Connection', 'close');
    if (!admit(req, res)) return;
    assignHold(req, hold);
    void handler(req, res);
  });

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
      for (const res of answers.all()) if (!res.headersSent) res.setHeader('Connection', 'close');
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
