import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeySet } from '../upstream/jwks-cache.ts';

/** Answers with public keys, or 304 where the client has this set already (RFC 9110, section 13.1.2). */
export function answerKeySet({ req, res }: { req: IncomingMessage; res: ServerResponse }, keys: KeySet): void {
  res.setHeader('ETag', keys.etag);
  res.setHeader('Cache-Control', keys.cacheControl);
  if (hasAlready(req.headers['if-none-match'], keys.etag)) {
    res.writeHead(304).end();
    return;
  }
  res.setHeader('Content-Type', keys.contentType);
  res.setHeader('Content-Length', keys.body.length);
  res.writeHead(200).end(req.method === 'HEAD' ? undefined : keys.body);
}

function hasAlready(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
