import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { renderError, appErrors } from '../../services/shared/errors.ts';
import { newId } from '../../services/shared/ids.ts';

/** A client that can't send its headers in this time is slow on purpose. Node checks every 30 s. */
const headersTimeoutMs = 10_000;
/** For headers and body; the largest body, 1 MiB, takes 9 s at 1 Mbit/s. */
const requestTimeoutMs = 30_000;
const maxHeadersCount = 100;

/**
 * Limits what a connection may cost, and answers what the parser refuses (both Content-Length and Transfer-Encoding, obsolete line folding,
 * bad characters, headers over 16 KiB) in the product's error format. Such a connection is closed: what follows on it can't be trusted.
 */
export function hardenServer(server: Server, { region }: { region: string }): void {
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.maxHeadersCount = maxHeadersCount;
  server.on('clientError', (err: NodeJS.ErrnoException, socket: Duplex) => {
    if (err.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(refusal(err.code, region));
  });
}

function refusal(code: string | undefined, region: string): string {
  const requestId = newId('req');
  const reason = reasons[code ?? ''] ?? 'is not valid HTTP';
  const body = JSON.stringify(renderError(appErrors.invalidRequest({ field: 'request', reason }), requestId).body);
  return [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-AuthSome-Request-ID: ${requestId}`,
    `X-AuthSome-Region: ${region}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'headers are larger than 16 KiB',
  ERR_HTTP_REQUEST_TIMEOUT: 'was not complete in time',
};
