import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifySignature } from './verify-aws-signature.ts';
import type { AwsCredentials } from './verify-aws-signature.ts';

/** What S3 allows of all parts but the last. */
const smallestPart = 5 * 2 ** 20;
const pageSize = 3;

export interface BucketServer {
  url: string;
  objects: Map<string, Buffer>;
  /** Uploads that were begun and neither completed nor aborted: they cost money for ever. */
  openUploads: Map<string, Map<number, Buffer>>;
  /** `METHOD what` of each request that was answered well. */
  requests: string[];
  /** Requests that this answers with a status are answered so, or their connections are reset, and nothing else is done. */
  failing: (request: { method: string; query: URLSearchParams; key: string }) => number | 'reset' | undefined;
  close(): Promise<void>;
}

/**
 * A bucket as S3 has it, for the requests that backups make. It is stricter than a stand-in needs to be: signatures and payloads are verified, parts
 * have their least size and their numbers, what S3 does not know is refused.
 */
export async function startBucketServer({ bucket, credentials }: { bucket: string; credentials: AwsCredentials }): Promise<BucketServer> {
  const state: BucketServer = {
    url: '',
    objects: new Map(),
    openUploads: new Map(),
    requests: [],
    failing: () => undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => fail(response, 500, 'InternalError', String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', state.url);
    const problem = verifySignature({ request, url, body, credentials });
    if (problem !== undefined) return fail(response, 403, 'SignatureDoesNotMatch', problem);
    const [, first, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (first !== bucket) return fail(response, 404, 'NoSuchBucket', String(first));
    const [method, query, key] = [request.method ?? '', url.searchParams, rest.join('/')];
    const status = state.failing({ method, query, key });
    if (status === 'reset') return void request.socket.resetAndDestroy();
    if (status !== undefined) return fail(response, status, 'SlowDown', 'as the test wants it');
    const operation = operationOf(method, query, key);
    if (operation === undefined) return fail(response, 400, 'InvalidRequest', `${method} ${request.url}`);
    operation(response, body);
  }

  type Operation = (response: ServerResponse, body: Buffer) => void;

  function operationOf(method: string, query: URLSearchParams, key: string): Operation | undefined {
    const uploadId = query.get('uploadId');
    const done = (name: string): void => void state.requests.push(name);
    if (method === 'GET' && key === '' && query.get('list-type') === '2') return (response) => (done('list'), list(response, query));
    if (method === 'POST' && key === '' && query.has('delete')) return (response, body) => (done('delete'), remove(response, body));
    if (key === '') return undefined;
    if (method === 'GET') return (response) => (done('get'), get(response, key));
    if (method === 'PUT' && uploadId === null) return (response, body) => (done('put'), put(response, key, body));
    if (method === 'POST' && query.has('uploads')) return (response) => (done('begin'), begin(response, key));
    if (uploadId === null || !state.openUploads.has(uploadId)) return (response) => fail(response, 404, 'NoSuchUpload', String(uploadId));
    if (method === 'PUT')
      return (response, body) => (done('part'), part(response, { uploadId, number: Number(query.get('partNumber')), body }));
    if (method === 'POST') return (response, body) => (done('complete'), complete(response, { uploadId, key, body }));
    if (method === 'DELETE') return (response) => (done('abort'), abort(response, uploadId));
    return undefined;
  }

  function put(response: ServerResponse, key: string, body: Buffer): void {
    state.objects.set(key, body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  }

  function get(response: ServerResponse, key: string): void {
    const body = state.objects.get(key);
    if (body === undefined) return fail(response, 404, 'NoSuchKey', key);
    response.writeHead(200, { 'content-length': body.length, etag: etagOf(body) }).end(body);
  }

  function begin(response: ServerResponse, key: string): void {
    const id = randomBytes(8).toString('hex');
    state.openUploads.set(id, new Map());
    xml(
      response,
      `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escape(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  function part(response: ServerResponse, { uploadId, number, body }: { uploadId: string; number: number; body: Buffer }): void {
    if (!Number.isInteger(number) || number < 1 || number > 10_000) return fail(response, 400, 'InvalidArgument', 'partNumber');
    state.openUploads.get(uploadId)?.set(number, body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  }

  function complete(response: ServerResponse, { uploadId, key, body }: { uploadId: string; key: string; body: Buffer }): void {
    const parts = state.openUploads.get(uploadId) ?? new Map<number, Buffer>();
    const named = [...body.toString('utf8').matchAll(/<Part>.*?<\/Part>/gs)].map(([text]) => ({
      number: Number(/<PartNumber>(\d+)</.exec(text)?.[1]),
      etag: (/<ETag>(.*?)<\/ETag>/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"'),
    }));
    const numbers = named.map(({ number }) => number);
    if (named.length === 0 || numbers.some((number, index) => number <= (numbers[index - 1] ?? 0)))
      return fail(response, 400, 'InvalidPartOrder', key);
    const chunks: Buffer[] = [];
    for (const [index, { number, etag }] of named.entries()) {
      const chunk = parts.get(number);
      if (chunk === undefined || etagOf(chunk) !== etag) return fail(response, 400, 'InvalidPart', String(number));
      if (index < named.length - 1 && chunk.length < smallestPart) return fail(response, 400, 'EntityTooSmall', String(number));
      chunks.push(chunk);
    }
    state.objects.set(key, Buffer.concat(chunks));
    state.openUploads.delete(uploadId);
    xml(response, `<CompleteMultipartUploadResult><Key>${escape(key)}</Key><ETag>"done"</ETag></CompleteMultipartUploadResult>`);
  }

  function abort(response: ServerResponse, uploadId: string): void {
    state.openUploads.delete(uploadId);
    response.writeHead(204).end();
  }

  function list(response: ServerResponse, query: URLSearchParams): void {
    const [prefix, delimiter, after] = [query.get('prefix') ?? '', query.get('delimiter'), query.get('continuation-token') ?? ''];
    const entries = new Set<string>();
    for (const key of [...state.objects.keys()].sort()) {
      if (!key.startsWith(prefix)) continue;
      const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
      entries.add(end === -1 ? key : key.slice(0, end + 1));
    }
    const rest = [...entries].filter((entry) => entry > after);
    const page = rest.slice(0, pageSize);
    const truncated = rest.length > page.length;
    const rows = page.map((entry) =>
      delimiter !== null && entry.endsWith(delimiter)
        ? `<CommonPrefixes><Prefix>${escape(entry)}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${escape(entry)}</Key><Size>${state.objects.get(entry)?.length}</Size></Contents>`,
    );
    const next = truncated ? `<NextContinuationToken>${escape(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    xml(response, `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${next}${rows.join('')}</ListBucketResult>`);
  }

  function remove(response: ServerResponse, body: Buffer): void {
    const keys = [...body.toString('utf8').matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => String(key));
    if (keys.length === 0 || keys.length > 1_000) return fail(response, 400, 'MalformedXML', String(keys.length));
    for (const key of keys) state.objects.delete(key);
    xml(response, '<DeleteResult></DeleteResult>');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${escape(message)}</Message></Error>`);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
