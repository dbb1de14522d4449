import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import { renderError } from '../errors.ts';
import type { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { securityHeaders } from './security-headers.ts';

export interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** An answer in the product's error format to a request that no handler sees. Its connection ends with it. */
export function renderRefusal(err: AppError, more: Readonly<Record<string, string>> = {}): Refusal {
  const requestId = newId('req');
  const { status, headers, body } = renderError(err, requestId);
  const text = JSON.stringify(body);
  return {
    status,
    headers: {
      ...securityHeaders,
      ...more,
      ...headers,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(text)),
      'X-AuthSome-Request-ID': requestId,
      Connection: 'close',
    },
    body: text,
  };
}

export function sendRefusal(res: ServerResponse, { status, headers, body }: Refusal): void {
  res.writeHead(status, headers).end(res.req.method === 'HEAD' ? undefined : body);
}

/** The bytes of the answer, for a connection whose parser has given up. */
export function refusalBytes({ status, headers, body }: Refusal): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n');
}
