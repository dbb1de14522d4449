import { Agent, request } from 'node:http';

export interface FuzzRequest {
  method: string;
  /** As it is, already encoded. */
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

export interface FuzzAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  ms: number;
}

/** Far above what any request takes, as two busy cores run other tests too: a request that is quadratic or waits for something takes longer. */
const timeLimitMs = 20_000;
const agent = new Agent({ keepAlive: true, maxSockets: 2 });

/** Sends a request that fetch would refuse to send. A stream of events is left after its head. @throws if there is no whole answer in time */
export async function sendRequest(port: number, { method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    // Node's client frames the body of a DELETE only if it is told to.
    const framing: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
    const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, ...framing }, agent };
    const sent = request({ ...options, signal: AbortSignal.timeout(timeLimitMs) });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      const answer = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - startedAt,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', answer);
      response.once('error', reject);
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        answer();
        response.removeListener('error', reject).on('error', () => undefined);
        sent.removeListener('error', reject).on('error', () => undefined);
        sent.destroy();
      }
    });
    sent.end(body);
  });
}
