import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TestUpstream {
  url: string;
  /** Whole requests in the order in which they arrived. */
  received: Received[];
  /** Every connection that was ever made. */
  connections: Socket[];
  /** Answers the next requests, once their bodies are read, instead of the default 200. */
  handler: RequestListener | undefined;
  stop(): Promise<void>;
}

/** A server in an instance's place that keeps what it is sent. */
export async function startUpstream(port = 0): Promise<TestUpstream> {
  const upstream: TestUpstream = { url: '', received: [], connections: [], handler: undefined, stop };
  const server = createServer((req, res) => {
    void readBody(req).then((body) => {
      upstream.received.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
      if (upstream.handler) upstream.handler(req, res);
      else res.setHeader('content-type', 'application/json').end('{"ok":true}');
    });
  });
  server.on('connection', (socket) => upstream.connections.push(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) body += chunk.toString();
  } catch {
    body += ' (aborted)';
  }
  return body;
}
