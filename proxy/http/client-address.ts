import type { IncomingMessage } from 'node:http';

/**
 * The client's address as seen by the outermost proxy that we trust: that many entries from the right of X-Forwarded-For. What stands left
 * of it, the client may have written.
 */
export function clientAddress(req: Pick<IncomingMessage, 'headers' | 'socket'>, trustedProxies: number): string {
  const socketAddress = req.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return socketAddress;
  const entries = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const told = entries.at(-trustedProxies) ?? entries[0];
  return told?.trim() || socketAddress;
}
