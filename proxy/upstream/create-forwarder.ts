import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable, pipeline } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import httpProxy from 'http-proxy';
import { appErrors } from '../../services/shared/errors.ts';
import type { Log } from '../../services/shared/log.ts';
import { stripResponseHeaders } from '../passes/strip-headers.ts';
import type { UpstreamConnection } from './upstream-agents.ts';

export interface Forwarding {
  req: IncomingMessage;
  res: ServerResponse;
  connection: UpstreamConnection;
  /** Path and query. */
  url: string;
  /** All headers of the upstream request but the body's length. */
  headers: OutgoingHttpHeaders;
  body: Buffer | null;
}

export interface Forwarder {
  /**
   * Sends the request to the instance and its answer to the client.
   *
   * @throws service_unavailable (upstream) where the instance gives no answer
   * @throws ClientGoneError where the client left first
   */
  forward(forwarding: Forwarding): Promise<void>;
}

export interface UpstreamTimeouts {
  /** Until a connection to the instance stands. */
  connectMs: number;
  /** Until the first byte of the answer, connecting and waiting for a free connection included. */
  responseMs: number;
  /** Between two parts of the answer's body. */
  idleMs: number;
}

/** The client has left: there is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** Below the 30 s in which a shutdown drains, so that a slow answer still gets through. */
const defaultTimeouts: UpstreamTimeouts = { connectMs: 2_000, responseMs: 25_000, idleMs: 30_000 };
/** RFC 9110 section 9.2.2. A sign-up that may have been done must not be done again. */
const replayableMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const resetCodes = new Set(['ECONNRESET', 'EPIPE']);
/** No connection came about, so no byte of the request was sent: trying again is harmless whatever the method. */
const unconnectedCodes = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** An instance that has just become ready, or is being replaced, is in the cluster's Service tables within a second (kube-proxy's sync). */
const connectRetryPausesMs = [50, 100, 200, 400, 800, 1_000];

interface Attempt {
  proxyReq: ClientRequest | undefined;
  answered: boolean;
  /** Set where the attempt is over before it got a connection. */
  abandoned: Error | undefined;
  fail(err: Error): void;
  succeed(): void;
  clearResponseTimer(): void;
}

/**
 * http-proxy with its known faults kept out. It is given a whole body and its length, so it never re-frames a chunked one (its handling of
 * DELETE and OPTIONS is a request-smuggling hole, node-http-proxy #1721); headers come stripped both ways; the upstream request is
 * destroyed when the client leaves; the answer is written here, so that a truncated one is not ended as if it were whole.
 */
export function createForwarder({ log, timeouts }: { log: Log; timeouts?: Partial<UpstreamTimeouts> }): Forwarder {
  const { connectMs, responseMs, idleMs } = { ...defaultTimeouts, ...timeouts };
  const attempts = new WeakMap<IncomingMessage, Attempt>();
  // `toProxy` takes the path as it is: http-proxy would parse it with the legacy url.parse.
  const proxy = httpProxy.createProxyServer({ selfHandleResponse: true, prependPath: false, toProxy: true });

  proxy.on('proxyReq', (proxyReq, req) => {
    const attempt = attempts.get(req);
    if (!attempt) return;
    attempt.proxyReq = proxyReq;
    if (attempt.abandoned) proxyReq.destroy(attempt.abandoned);
    else limitConnecting(proxyReq, connectMs);
  });
  proxy.on('proxyRes', (proxyRes, req, res) => {
    const attempt = attempts.get(req);
    if (!attempt || res.destroyed) proxyRes.destroy();
    else relayAnswer(proxyRes, res, attempt, idleMs);
  });
  // Its own way of telling that the client left; we hear it from the response, in every case.
  proxy.on('econnreset', () => undefined);

  function tryOnce({ req, res, connection, body }: Forwarding, agent: UpstreamConnection['agent'] | false): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => attempt.fail(new Error(`No answer within ${responseMs} ms`)), responseMs);
      const onClientClose = (): void => {
        if (!res.writableFinished) attempt.fail(new ClientGoneError());
      };
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        res.off('close', onClientClose);
        finish();
      };
      const attempt: Attempt = {
        proxyReq: undefined,
        answered: false,
        abandoned: undefined,
        fail: (err) => {
          attempt.abandoned ??= err;
          attempt.proxyReq?.destroy(err);
          settle(() => reject(new AttemptError(attempt, err)));
        },
        succeed: () => settle(() => resolve(attempt)),
        clearResponseTimer: () => clearTimeout(timer),
      };
      attempts.set(req, attempt);
      res.on('close', onClientClose);
      if (res.destroyed) {
        attempt.fail(new ClientGoneError());
        return;
      }
      try {
        proxy.web(req, res, { target: connection.target, agent, buffer: Readable.from(body ? [body] : []) }, (err) => attempt.fail(err));
      } catch (err) {
        attempt.fail(toError(err));
      }
    });
  }

  async function connectAndTry(forwarding: Forwarding): Promise<void> {
    for (const pauseMs of connectRetryPausesMs) {
      try {
        await tryOnce(forwarding, forwarding.connection.agent);
        return;
      } catch (err) {
        if (!isUnconnected(err)) throw err;
        await delay(pauseMs);
      }
    }
    await tryOnce(forwarding, forwarding.connection.agent);
  }

  return {
    async forward(forwarding) {
      const { req, res, url, headers, body } = forwarding;
      // http-proxy copies method, URL and headers from the request.
      req.url = url;
      req.headers = (body ? { ...headers, 'content-length': String(body.length) } : headers) as IncomingMessage['headers'];
      try {
        await connectAndTry(forwarding);
      } catch (err) {
        if (!canRetry(err, req, res)) throw toAnswer(err, log);
        // A connection of its own: the next pooled one may be closing as well.
        await tryOnce(forwarding, false).catch((second: unknown) => {
          throw toAnswer(second, log);
        });
      }
    },
  };
}

class AttemptError extends Error {
  readonly attempt: Attempt;

  constructor(attempt: Attempt, cause: Error) {
    super(cause.message, { cause });
    this.attempt = attempt;
  }
}

function limitConnecting(proxyReq: ClientRequest, connectMs: number): void {
  const { socket } = proxyReq;
  if (!socket?.connecting) return;
  const timer = setTimeout(() => proxyReq.destroy(new Error(`No connection within ${connectMs} ms`)), connectMs);
  const clear = (): void => clearTimeout(timer);
  socket.once('connect', clear);
  proxyReq.once('close', clear);
}

function relayAnswer(proxyRes: IncomingMessage, res: ServerResponse, attempt: Attempt, idleMs: number): void {
  attempt.answered = true;
  attempt.clearResponseTimer();
  try {
    for (const [name, value] of Object.entries(stripResponseHeaders(proxyRes.headers))) if (value !== undefined) res.setHeader(name, value);
    res.writeHead(proxyRes.statusCode ?? 0);
  } catch (err) {
    attempt.fail(toError(err));
    return;
  }
  attempt.proxyReq?.setTimeout(idleMs, () => proxyRes.destroy(new Error(`No part of the answer within ${idleMs} ms`)));
  pipeline(proxyRes, res, (err) => (err ? attempt.fail(err) : attempt.succeed()));
}

// The instance may close an idle connection just as we reuse it. Without a byte of answer, and where doing it twice is harmless, that is no
// failure.
function canRetry(err: unknown, { method = '' }: IncomingMessage, res: ServerResponse): boolean {
  if (!(err instanceof AttemptError)) return false;
  const { attempt, cause } = err;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return (
    attempt.proxyReq?.reusedSocket === true &&
    !attempt.answered &&
    resetCodes.has(code) &&
    replayableMethods.has(method) &&
    !res.headersSent &&
    !res.destroyed
  );
}

function isUnconnected(err: unknown): boolean {
  return err instanceof AttemptError && !err.attempt.answered && unconnectedCodes.has((err.cause as NodeJS.ErrnoException).code ?? '');
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function toAnswer(err: unknown, log: Log): unknown {
  const cause: unknown = err instanceof AttemptError ? err.cause : err;
  if (cause instanceof ClientGoneError) return cause;
  log.warn({ err: cause }, 'Instance gave no answer');
  return appErrors.unavailable('upstream');
}
