import { request } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';
import type { UpstreamConnection } from './upstream-agents.ts';

export interface WholeAnswer {
  status: number;
  contentType: string;
  cacheControl: string;
  body: Buffer;
}

interface FetchOptions {
  connection: UpstreamConnection;
  path: string;
  headers: OutgoingHttpHeaders;
  limitBytes: number;
  timeoutMs: number;
}

/** GETs something small from an instance. Rejects where there is no answer in time, or a larger one. */
export function fetchWhole({ connection, path, headers, limitBytes, timeoutMs }: FetchOptions): Promise<WholeAnswer> {
  const { agent, target } = connection;
  return new Promise((resolve, reject) => {
    const req = request({ agent, host: target.host, port: target.port, path, headers, signal: AbortSignal.timeout(timeoutMs) }, (res) => {
      const chunks: Buffer[] = [];
      let size = 0;
      res.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > limitBytes) res.destroy(new Error(`The answer has more than ${limitBytes} bytes`));
      });
      res.on('error', reject);
      res.on('end', () => {
        const { 'content-type': contentType = '', 'cache-control': cacheControl = '' } = res.headers;
        resolve({ status: res.statusCode ?? 0, contentType, cacheControl, body: Buffer.concat(chunks) });
      });
      res.on('close', () => reject(new Error('The answer was cut short')));
    });
    req.on('error', reject);
    req.end();
  });
}
