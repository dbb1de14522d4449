import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EchoApi {
  baseUrl: string;
  stop(): Promise<void>;
}

/**
 * Stands in for Cloudflare's API in a rehearsal, as files do for the cluster: it takes everything, answers it with what was sent and an id,
 * and keeps nothing. Listens on loopback only.
 */
export async function startEchoApi(): Promise<EchoApi> {
  const server = createServer((request, response) => {
    void echo(request).then(
      (result) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ success: true, errors: [], messages: [], result })),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What only the real API knows, such as the text of a certificate. */
const placeholder = 'placeholder';

async function echo(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const sent = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as object);
  return { id: randomBytes(16).toString('hex'), certificate: placeholder, expires_on: placeholder, ...sent };
}
