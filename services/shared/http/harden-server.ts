import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { appErrors } from '../errors.ts';
import { closeLingering } from './linger.ts';
import type { OpenAnswers } from './open-answers.ts';
import { refuseConnection } from './refuse-connection.ts';
import { renderRefusal, sendRefusal } from './refusal.ts';

/** A client that can't send its headers in this time is slow on purpose. */
export const headersTimeoutMs = 10_000;
/** For headers and body; bodies have shorter limits of their own (read-bytes.ts). */
export const requestTimeoutMs = 30_000;
/** How often Node looks for connections that are over these. */
export const connectionCheckMs = 2_000;
/** A proxy in front uses far fewer; each takes a descriptor, and up to 64 KiB of what its client sends. */
const maxConnections = 5_000;
/** A browser sends about 20, and each proxy in front adds a few. */
const maxHeaders = 100;

interface HardenOptions {
  answers: OpenAnswers;
  /** On every answer that this server gives instead of its handler. */
  refusalHeaders: Readonly<Record<string, string>>;
}

export interface HardenedServer {
  /** Whether a request goes to the handler. One that does not has got its answer, or gets none. */
  admit: (req: IncomingMessage, res: ServerResponse) => boolean;
}

/**
 * Limits what a connection may cost, and makes sure that each request gets one answer, in order: what the parser refuses is answered in the
 * product's error format after the requests before it; a request that is refused before its body has come ends its connection.
 */
export function hardenServer(server: Server, { answers, refusalHeaders }: HardenOptions): HardenedServer {
  const closing = new WeakSet<Duplex>();
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = maxConnections;
  // Counted below instead: the parser either drops what is beyond it or reports it as too large, depending on Node's version.
  server.maxHeadersCount = 0;

  server.on('connection', (socket) => {
    const destroySoon = socket.destroySoon.bind(socket);
    // Node calls it after the last answer of a connection.
    socket.destroySoon = () => {
      const unread = answers.of(socket).some(({ req }) => !req.complete);
      closing.add(socket);
      if (unread) closeLingering(socket);
      else destroySoon();
    };
  });
  // Node's own answer invites the body before anything was checked.
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    req.once('resume', () => {
      if (!res.headersSent) res.writeContinue();
    });
    server.emit('request', req, res);
  });
  const refuse = (err: NodeJS.ErrnoException, socket: Duplex): void => {
    // The parser repeats its error with every chunk.
    if (closing.has(socket)) return;
    closing.add(socket);
    void refuseConnection(socket, err, { open: answers.of(socket), headers: refusalHeaders });
  };
  server.on('clientError', refuse);
  // Without a listener Node cuts the connection, and with it the answers to the requests before. It leaves the socket's errors to the listener.
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    refuse(new Error('CONNECT is not served'), socket);
  });

  return {
    admit(req, res) {
      if (closing.has(req.socket)) return false;
      closeAfterUnreadBody(req, res);
      if (req.rawHeaders.length <= 2 * maxHeaders) return true;
      const tooMany = appErrors.invalidRequest({ field: 'headers', reason: `must be at most ${maxHeaders}` }, 431);
      sendRefusal(res, renderRefusal(tooMany, refusalHeaders));
      return false;
    },
  };
}

/** Whoever answers before the body has come will not read it, so that the next request could not be found behind it. */
function closeAfterUnreadBody(req: IncomingMessage, res: ServerResponse): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  if (length === '0' && encoding === undefined) return;
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    if (!req.complete) res.shouldKeepAlive = false;
    return writeHead(...args);
  };
}
