import type { IncomingMessage, ServerResponse } from 'node:http';
import { preflightAllowance, readableBy } from '../../services/shared/http/cors.ts';

/**
 * Lets pages read an answer that the proxy gives itself, if their origin is one of the application's.
 *
 * @param allowed null where they are not known: before the route was found, or where it is one of an older version. The answer is then an
 *   error, which holds no secret and never comes with credentials, so any page may read it
 */
export function allowOrigin({ req, res }: Exchanged, allowed: readonly string[] | null): void {
  const { origin } = req.headers;
  if (allowed !== null) res.setHeader('Vary', 'Origin');
  if (origin === undefined) return;
  if (allowed === null) setHeaders(res, readableBy('*'));
  else if (allowed.includes(origin)) setHeaders(res, readableBy(origin));
}

/** Answers a browser's question before a cross-origin request as the instance would. Another origin gets no permission. */
export function answerPreflight({ req, res }: Exchanged, allowed: readonly string[]): void {
  allowOrigin({ req, res }, allowed);
  if (allowed.includes(req.headers.origin ?? '')) setHeaders(res, preflightAllowance);
  res.writeHead(204).end();
}

interface Exchanged {
  req: IncomingMessage;
  res: ServerResponse;
}

function setHeaders(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}
