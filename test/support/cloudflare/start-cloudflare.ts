import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiRefusal, createZone } from './zone.ts';
import type { Zone } from './zone.ts';

export interface ReceivedRequest {
  method: string;
  path: string;
  body: unknown;
  userAgent: string;
}

export interface Fault {
  status: number;
  times: number;
  headers?: Record<string, string>;
  errors?: { code: number; message: string }[];
}

export interface Cloudflare {
  baseUrl: string;
  zone: Zone;
  /** The one that is let in. */
  apiToken: string;
  /** Known, but without permission for anything. */
  powerlessToken: string;
  requests: ReceivedRequest[];
  /** What the reference does not have: paths, fields, values, headers. A test that uses the server has none. */
  violations: string[];
  /** The next requests are answered with this instead. */
  fail(fault: Fault): void;
  stop(): Promise<void>;
}

/**
 * Speaks Cloudflare's API v4 for one zone: the paths that the platform's edge uses, each request checked against the published shapes,
 * answers in the API's envelope. What it is asked beyond that is a violation.
 */
export async function startCloudflare(): Promise<Cloudflare> {
  const zone = await createZone();
  const faults: Fault[] = [];
  const cloudflare: Cloudflare = {
    baseUrl: '',
    zone,
    apiToken: randomBytes(30).toString('base64url'),
    powerlessToken: randomBytes(30).toString('base64url'),
    requests: [],
    violations: [],
    fail: (fault) => void faults.push({ ...fault }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      cloudflare.violations.push(`${request.method} ${request.url}: ${String(error)}`);
      response.destroy();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    const method = request.method ?? '';
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cloudflare');
    const path = pathname.replace(/^\/client\/v4/, '');
    const fault = faults[0];
    if (fault) {
      fault.times -= 1;
      if (fault.times <= 0) faults.shift();
      cloudflare.requests.push({ method, path, body: undefined, userAgent: request.headers['user-agent'] ?? '' });
      return refuse(response, fault.status, fault.errors ?? [], fault.headers);
    }
    try {
      authenticate(request);
      if (!pathname.startsWith('/client/v4/')) throw new ApiRefusal(404, 7_000, 'No route for that URI');
      const body = parseBody(request, text);
      cloudflare.requests.push({ method, path, body, userAgent: request.headers['user-agent'] ?? '' });
      const result = await zone.handle({ method, path, query: searchParams, body });
      if (result === undefined) return void response.writeHead(204).end();
      send(response, 200, { success: true, errors: [], messages: [], result });
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      if (error.isViolation) cloudflare.violations.push(`${method} ${path}: ${error.code} ${error.message}`);
      refuse(response, error.status, [{ code: error.code, message: error.message }]);
    }
  }

  function authenticate({ headers }: IncomingMessage): void {
    if (headers['x-auth-key'] !== undefined || headers['x-auth-email'] !== undefined)
      throw new ApiRefusal(400, 6_003, 'Invalid request headers', true);
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) throw new ApiRefusal(400, 9_106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers', true);
    if (token === cloudflare.powerlessToken) throw new ApiRefusal(403, 10_000, 'Authentication error');
    if (token !== cloudflare.apiToken) throw new ApiRefusal(403, 9_109, 'Invalid access token');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cloudflare.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`;
  return cloudflare;
}

function parseBody({ method, headers }: IncomingMessage, text: string): unknown {
  if (method === 'GET' || method === 'DELETE') {
    if (text !== '') throw new ApiRefusal(400, 6_003, `a ${method} has no body`, true);
    return undefined;
  }
  if (headers['content-type'] !== 'application/json') throw new ApiRefusal(415, 6_003, 'Content-Type must be application/json', true);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiRefusal(400, 9_207, 'Request body is invalid JSON', true);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function refuse(response: ServerResponse, status: number, errors: { code: number; message: string }[], headers = {}): void {
  for (const [name, value] of Object.entries({ 'cf-ray': '8f0c2d1e4b5a6978-FRA', ...headers })) response.setHeader(name, String(value));
  send(response, status, { success: false, errors, messages: [], result: null });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
