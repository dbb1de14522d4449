import { AppError, renderError } from '../../services/shared/errors.ts';
import type { Log } from '../../services/shared/log.ts';
import { allowOrigin } from './allow-origin.ts';
import type { Exchange } from './start-exchange.ts';

/** Answers with the product's error format; an answer that has begun is cut, so that it can't be taken for a whole one. */
export function answerError({ req, res, requestId, allowedOrigins }: Exchange, err: unknown, log: Log): void {
  if (res.destroyed || res.writableEnded) return;
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { status, headers, body } = renderError(err, requestId);
  if (status === 500) log.error({ err: err instanceof AppError ? err.cause : err, requestId }, 'Request failed');
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  allowOrigin({ req, res }, allowedOrigins);
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  const text = JSON.stringify(body);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.writeHead(status).end(req.method === 'HEAD' ? undefined : text);
}
