import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { hostileHeader, hostilePart } from './hostile-values.ts';

/** Of one application that exists, with a key of it. */
export interface RawTarget {
  appId: string;
  key: string;
}

/** Stands for the id of a request, to be replaced: values must not differ from run to run. */
export const requestIdPlace = 'req_0000000000000000000000';

/** A request as it should be, whatever its path, headers and body: each must be answered. */
export function wellFormed({ appId, key }: RawTarget): Arbitrary<string> {
  const part = hostilePart.map((text) => text.replaceAll(/[^\x21-\x7e]|[#?]/g, ''));
  const app = fc.oneof({ weight: 6, arbitrary: fc.constant(appId) }, { weight: 1, arbitrary: part });
  const start = fc.oneof(
    { weight: 8, arbitrary: app.map((id) => `/v1/${id}`) },
    { weight: 1, arbitrary: fc.constantFrom('/health', '/v1', '/v2/x', '//', '/metrics') },
  );
  const path = fc
    .tuple(start, fc.array(part, { maxLength: 3 }), fc.option(part, { nil: undefined }))
    .map(([first, parts, query]) => [first, ...parts].join('/') + (query === undefined ? '' : `?a=${query}`));
  const authorization = fc.oneof({ weight: 4, arbitrary: fc.constant(`Bearer ${key}`) }, { weight: 1, arbitrary: hostileHeader });
  const extra = fc.uniqueArray(
    fc.oneof(
      fc.constantFrom<[string, string]>(
        ...([
          ['Connection', 'keep-alive'],
          ['X-Forwarded-For', '1.2.3.4, 5.6.7.8'],
          ['X-AuthSome-Scopes', '*'],
          ['X-AuthSome-Instance-Token', 'x'],
          ['Cookie', 'a=b'],
          ['TE', 'trailers'],
          ['Accept-Encoding', 'gzip'],
          ['Expect', '100-continue'],
          ['Keep-Alive', 'timeout=5'],
          ['Proxy-Authorization', 'Basic YTpi'],
          ['Content-Type', 'application/json'],
        ] satisfies [string, string][]),
      ),
      fc.tuple(
        fc.constantFrom('Origin', 'User-Agent', 'X-Session-Token', 'Traceparent', 'X-Odd', 'Access-Control-Request-Method'),
        hostileHeader,
      ),
    ),
    { maxLength: 5, selector: ([name]) => name },
  );
  return fc
    .record({ method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'), path, authorization, extra, body: framedBody })
    .map(({ method, path: target, authorization: given, extra: headers, body }) => {
      const lines = [
        `${method} ${target} HTTP/1.1`,
        'Host: api.example.com',
        `X-AuthSome-Request-ID: ${requestIdPlace}`,
        ...(given.trim() === '' ? [] : [`Authorization: ${given}`]),
        ...headers.map(([name, text]) => `${name}: ${text}`),
        ...(body === undefined ? [] : [body.header]),
      ];
      return `${lines.join('\r\n')}\r\n\r\n${body?.bytes ?? ''}`;
    });
}

/** Bytes that look like requests in turn, if a body is taken for more or less than it is. */
const bodies = fc.oneof(
  fc.constantFrom('', '{}', 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n', '0\r\n\r\n', '\r\n\r\n', '\0'.repeat(50), 'x'.repeat(9_000)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

const framedBody: Arbitrary<{ header: string; bytes: string } | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: bodies.map((bytes) => ({ header: `Content-Length: ${bytes.length}`, bytes })) },
  {
    weight: 2,
    arbitrary: fc.tuple(bodies, fc.integer({ min: 1, max: 4_000 })).map(([bytes, size]) => {
      const chunks = bytes.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      return {
        header: 'Transfer-Encoding: chunked',
        bytes: `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`,
      };
    }),
  },
);

/** What is no request, or not one: at most one answer, and then the connection ends. */
export const malformed: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['GARBAGE\r\n\r\n', '\0\0\0\0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ...[
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET  /  HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    ],
    ...[
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n',
    ],
    ...[
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
    ],
    ...['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    ...[`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ...[`GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 300 }, (_, index) => `X-${index}: 1\r\n`).join('')}\r\n`],
  ),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => `${Buffer.from(bytes).toString('latin1')}\r\n\r\n`),
);
