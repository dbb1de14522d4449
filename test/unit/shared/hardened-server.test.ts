import { connect } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { appErrors } from '../../../services/shared/errors.ts';
import { createKoa } from '../../../services/shared/http/create-koa.ts';
import { listen } from '../../../services/shared/http/listen.ts';
import type { Handler, Listening } from '../../../services/shared/http/listen.ts';
import { readJson } from '../../../services/shared/http/read-body.ts';
import { createLog } from '../../../services/shared/log.ts';
import { sendRaw, statuses } from '../../integration/proxy/send-raw.ts';
import { z } from 'zod';

async function serve(t: ExecutionContext, handler: Handler): Promise<Listening> {
  const http = await listen(handler, { port: 0, host: '127.0.0.1' });
  t.teardown(() => http.close(0));
  return http;
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const slow: Handler = (req, res) => void setTimeout(() => res.end(req.url), req.url === '/slow' ? 150 : 0);

for (const [what, garbage] of Object.entries({
  'no HTTP': 'garbage\r\n\r\n',
  'a bad header': 'GET /bad HTTP/1.1\r\nHost : x\r\n\r\n',
  'two framings': 'POST /bad HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
})) {
  test(`${what} behind a slow request: both are answered, in order, and the connection ends`, async (t) => {
    const { port } = await serve(t, slow);
    const received = await sendRaw(port, get('/slow') + get('/next') + garbage + get('/never'));
    t.deepEqual(statuses(received), [200, 200, 400], received);
    t.regex(received, /\/slow[^]*\/next[^]*"code":"invalid_request"/);
    t.notRegex(received, /\/never/);
  });
}

test('a body that turns out malformed is answered once, whoever reads it', async (t) => {
  const { port } = await serve(t, (req, res) => {
    req.on('error', () => undefined);
    req.on('end', () => res.end('read')).resume();
  });
  const received = await sendRaw(port, 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n');
  t.deepEqual(statuses(received), [400], received);
});

test('a refusal before the body was read says so, closes the connection, and comes alone', async (t) => {
  const { port } = await serve(t, (_req, res) => void res.writeHead(401, { 'Content-Length': 2 }).end('no'));
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun';
  const startedAt = performance.now();
  const received = await untilClosed(port, head);
  t.deepEqual(statuses(received), [401], received);
  t.regex(received, /connection: close/i);
  t.true(performance.now() - startedAt < 5_000);
});

test('a client that asks before it sends its body is told to go on only where the body is read', async (t) => {
  const { port } = await serve(t, (req, res) => {
    if (req.url === '/refused') res.writeHead(401, { 'Content-Length': 0 }).end();
    else req.on('end', () => res.end('read')).resume();
  });
  const head = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
  t.deepEqual(statuses(await sendRaw(port, head('/refused'))), [401]);
  t.deepEqual(statuses(await sendRaw(port, `${head('/read')}ab`)), [100, 200]);
});

test('what follows a refused body on its connection is not served', async (t) => {
  const served: string[] = [];
  const { port } = await serve(t, (req, res) => {
    served.push(req.url ?? '');
    res.writeHead(401, { 'Content-Length': 2 }).end('no');
  });
  const late = new Promise<string>((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n'));
    socket.on('error', () => undefined).on('close', () => resolve(received));
    socket.on('data', (chunk) => {
      if (received === '') socket.write(`12345${get('/2')}`);
      received += chunk.toString();
    });
  });
  t.deepEqual(statuses(await late), [401]);
  t.deepEqual(served, ['/1']);
});

test('a client that goes on sending a refused body still reads the refusal', async (t) => {
  const { port } = await serve(t, (_req, res) => void res.writeHead(413, { 'Content-Length': 2 }).end('no'));
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(3_000_000) });
  t.is(answer.status, 413);
  t.is(await answer.text(), 'no');
});

test('a body that was read keeps the connection, and so does one that came whole', async (t) => {
  const { port } = await serve(t, (req, res) => {
    if (req.url === '/unread') setImmediate(() => res.writeHead(401, { 'Content-Length': 0 }).end());
    else req.on('end', () => res.end('read')).resume();
  });
  const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab`;
  const received = await sendRaw(port, post('/read') + post('/unread') + post('/read'));
  t.deepEqual(statuses(received), [200, 401, 200], received);
});

test('100 headers pass; one more is refused with 431 and the true reason, as are headers over 16 KiB', async (t) => {
  const { port } = await serve(t, (_req, res) => void res.end('ok'));
  const headers = (count: number): string => Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('');
  t.deepEqual(statuses(await sendRaw(port, get('/', headers(99)))), [200]);
  const many = await sendRaw(port, get('/', headers(100)));
  t.deepEqual(statuses(many), [431], many);
  t.regex(many, /must be at most 100/);
  const large = await sendRaw(port, get('/', `X-Big: ${'x'.repeat(17_000)}\r\n`));
  t.deepEqual(statuses(large), [431], large);
  t.regex(large, /16 KiB/);
});

test('every answer, a refusal of the parser too, forbids sniffing, storing and referrers, and names no software', async (t) => {
  const { port } = await serve(t, (_req, res) => void res.end('ok'));
  for (const request of [get('/'), 'garbage\r\n\r\n']) {
    const received = (await sendRaw(port, request)).toLowerCase();
    for (const header of ['x-content-type-options: nosniff', 'cache-control: no-store', 'referrer-policy: no-referrer'])
      t.true(received.includes(header), `${header}: ${received}`);
    t.notRegex(received, /x-powered-by|\nserver:/);
  }
});

test('a body that stalls is refused with 408, once, and long before the request’s own time limit', async (t) => {
  const log = createLog({ name: 'test', level: 'silent' });
  const koa = createKoa({ log });
  koa.use(async (ctx) => {
    ctx.body = await readJson(ctx, z.strictObject({}), { patienceMs: 200 });
  });
  const { port } = await serve(t, koa.callback());
  const received = await untilClosed(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
  t.deepEqual(statuses(received), [408], received);
  t.regex(received, /"field":"body"/);
});

test('bodies held at once are bounded for the process: 503 beyond, and room again once they are answered', async (t) => {
  const koa = createKoa({ log: createLog({ name: 'test', level: 'silent' }) });
  const waiting: (() => void)[] = [];
  koa.use(async (ctx) => {
    await readJson(ctx, z.unknown());
    if (ctx.path === '/wait') await new Promise<void>((resolve) => waiting.push(resolve));
    ctx.body = 'ok';
  });
  const http = await listen(koa.callback(), { port: 0, host: '127.0.0.1', heldBodyBytes: 100_000 });
  t.teardown(() => http.close(0));
  const post = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${http.port}${path}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify('x'.repeat(40_000)),
    });
  const held = [post('/wait'), post('/wait')];
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const refused = await post('/');
  t.is(refused.status, 503);
  t.regex(await refused.text(), /"reason":"busy"/);
  waiting.forEach((answer) => answer());
  t.deepEqual(
    (await Promise.all(held)).map(({ status }) => status),
    [200, 200],
  );
  t.is((await post('/')).status, 200);
});

test('a server bounds its connections, and the time that headers and requests may take', async (t) => {
  const { server } = await serve(t, (_req, res) => void res.end());
  t.like(server, { maxConnections: 5_000, headersTimeout: 10_000, requestTimeout: 30_000 });
});

test('behind a trusted proxy that speaks TLS, browsers are told to stay with it', async (t) => {
  const koa = createKoa({ log: createLog({ name: 'test', level: 'silent' }), trustedProxies: 1 });
  koa.use((ctx) => void (ctx.body = 'ok'));
  const { port } = await serve(t, koa.callback());
  const header = async (protocol: string): Promise<string | null> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-forwarded-proto': protocol } });
    return answer.headers.get('strict-transport-security');
  };
  t.is(await header('https'), 'max-age=31536000');
  t.is(await header('http'), null);
});

test('an error thrown to a refused request does not end the process', async (t) => {
  const koa = createKoa({ log: createLog({ name: 'test', level: 'silent' }) });
  koa.use(() => {
    throw appErrors.unauthorized();
  });
  const { port } = await serve(t, koa.callback());
  t.deepEqual(statuses(await untilClosed(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx')), [401]);
  t.deepEqual(statuses(await sendRaw(port, get('/'))), [401]);
});

/** Sends bytes, never closes, and returns what came until the server closed; rejects after 10 s. */
function untilClosed(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(bytes, 'latin1'));
    const timer = setTimeout(() => reject(new Error(`The connection stayed open: ${received}`)), 10_000);
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('end', () => setTimeout(() => socket.destroy(), 50));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}
