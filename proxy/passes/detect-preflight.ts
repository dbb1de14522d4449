import type { IncomingMessage } from 'node:http';

/**
 * Whether this is a browser's question before a cross-origin request. It never carries a key, so the instance, which knows the allowed
 * origins, answers it without one.
 */
export function isPreflight({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
