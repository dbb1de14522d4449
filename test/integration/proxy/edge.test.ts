import { connect } from 'node:net';
import test from 'ava';
import { answer } from '../instance/start-instance.ts';
import { sendRaw, statuses } from './send-raw.ts';
import { startProxy } from './start-proxy.ts';
import type { TestApp, TestProxy } from './start-proxy.ts';
import { startUpstream } from './start-upstream.ts';
import type { TestUpstream } from './start-upstream.ts';

const origin = 'https://shop.example.com';
const keySet = '{"keys":[{"kid":"1"}]}';

let proxy: TestProxy;
let upstream: TestUpstream;
test.before(async () => {
  // One trusted proxy: a test says by X-Forwarded-For which client it is.
  // Time stands still for the limits of clients: a bucket of 100 gives 100 requests, however slow the machine is.
  proxy = await startProxy({ trustedProxies: 1, clientClock: () => 0 });
});
test.after.always(() => proxy?.stop());
test.beforeEach(async () => {
  upstream = await startUpstream();
  upstream.handler = (req, res) => {
    if (req.url !== '/auth/jwks') res.setHeader('cache-control', 'no-store').end('{"ok":true}');
    else res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' }).end(keySet);
  };
});
test.afterEach.always(() => upstream?.stop());

let clients = 0;
/** Another client, which nothing has been counted for. */
const newClient = (): string => `198.51.100.${(clients += 1)}`;

interface Call extends RequestInit {
  client?: string;
  key?: string;
}

function call({ appId }: TestApp, path: string, { client = newClient(), key, ...init }: Call = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('x-forwarded-for', client);
  if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
  return fetch(`${proxy.url}/v1/${appId}${path}`, { ...init, headers });
}

const preflight = (app: TestApp, { client, from = origin }: { client?: string; from?: string } = {}): Promise<Response> =>
  call(app, '/auth/signin', {
    ...(client === undefined ? {} : { client }),
    method: 'OPTIONS',
    headers: {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'sentry-trace,baggage,traceparent',
    },
  });

const newApp = (plan: 'free' | 'enterprise' = 'enterprise', more = {}): Promise<TestApp> =>
  proxy.addApp({ url: upstream.url, plan, allowedOrigins: [origin], ...more });

test.serial(
  'a flood of requests for public keys starves no preflight, even of the same client, and no key request of others',
  async (t) => {
    const app = await newApp('free');
    const attacker = newClient();
    const flood = Array.from({ length: 350 }, () => call(app, '/auth/jwks', { client: attacker }));
    const others = await Promise.all(
      Array.from({ length: 20 }, () => Promise.all([preflight(app), preflight(app, { client: attacker }), call(app, '/auth/jwks')])),
    );
    t.deepEqual([...new Set(others.flat().map(({ status }) => status))].sort(), [200, 204]);
    const flooded = (await Promise.all(flood)).map(({ status }) => status);
    t.is(flooded.filter((status) => status === 429).length, 150);
    t.is(upstream.received.length, 1, 'the instance is asked once');
  },
);

test.serial('a client that asks too often is told when to come back, by address or by its /64 of IPv6', async (t) => {
  const app = await newApp();
  const answers = await Promise.all(Array.from({ length: 160 }, (_, index) => preflight(app, { client: `2001:db8:0:1::${index}` })));
  const refused = answers.find(({ status }) => status === 429);
  t.is(refused?.headers.get('retry-after'), '1');
  t.is(refused?.headers.get('access-control-allow-origin'), origin);
  t.is((await preflight(app, { client: '2001:db8:0:2::1' })).status, 204);
});

test.serial('public keys are cached for each application, with conditional requests, until its route changes', async (t) => {
  const app = await newApp();
  const first = await call(app, '/auth/jwks', { headers: { origin } });
  t.is(first.status, 200);
  t.is(await first.text(), keySet);
  t.is(first.headers.get('cache-control'), 'public, max-age=300');
  t.is(first.headers.get('content-type'), 'application/json');
  t.is(first.headers.get('access-control-allow-origin'), origin);
  t.is(first.headers.get('vary'), 'Origin');
  const etag = first.headers.get('etag') ?? '';

  const same = await call(app, '/auth/jwks', { headers: { 'if-none-match': `"other", W/${etag}`, origin: 'https://evil.example' } });
  t.is(same.status, 304);
  t.is(same.headers.get('etag'), etag);
  t.is(same.headers.get('access-control-allow-origin'), null);
  t.is((await call(app, '/auth/jwks', { headers: { 'if-none-match': '"other"' } })).status, 200);
  const head = await call(app, '/auth/jwks', { method: 'HEAD' });
  t.is(head.headers.get('content-length'), String(keySet.length));
  t.is(upstream.received.length, 1);
  t.like(upstream.received[0]?.headers, { 'x-authsome-app-id': app.appId, 'x-authsome-key-type': 'public', origin: undefined });

  const other = await newApp();
  await call(other, '/auth/jwks');
  t.is(upstream.received.length, 2, 'another application has other keys');
  await proxy.setStatus(app.appId, 'updating');
  const deadline = Date.now() + 5_000;
  while (upstream.received.length === 2 && Date.now() < deadline) await call(app, '/auth/jwks');
  t.is(upstream.received.length, 3);
});

test.serial('an instance that has no keys to show is asked once for many callers, and again a moment later', async (t) => {
  const app = await newApp();
  upstream.handler = (_req, res) => res.writeHead(500).end();
  const failed = await Promise.all(Array.from({ length: 10 }, () => call(app, '/auth/jwks')));
  t.deepEqual([...new Set(failed.map(({ status }) => status))], [503]);
  t.is(upstream.received.length, 1);
  upstream.handler = (_req, res) => res.end(keySet);
  const deadline = Date.now() + 5_000;
  let status = 503;
  while (status === 503 && Date.now() < deadline) ({ status } = await call(app, '/auth/jwks'));
  t.is(status, 200);
});

test.serial('a preflight is answered by the proxy, with the headers of tracing libraries, for the allowed origins only', async (t) => {
  const app = await newApp('free', { url: null, status: 'suspended' });
  const allowed = await preflight(app);
  t.is(allowed.status, 204);
  t.is(allowed.headers.get('access-control-allow-origin'), origin);
  t.is(allowed.headers.get('vary'), 'Origin');
  for (const name of ['Authorization', 'Content-Type', 'Sentry-Trace', 'Baggage', 'Traceparent', 'Tracestate'])
    t.regex(allowed.headers.get('access-control-allow-headers') ?? '', new RegExp(`\\b${name}\\b`));
  t.is(allowed.headers.get('access-control-allow-credentials'), null);
  const refused = await preflight(app, { from: 'https://evil.example' });
  t.is(refused.status, 204);
  for (const name of ['allow-origin', 'allow-headers', 'allow-methods']) t.is(refused.headers.get(`access-control-${name}`), null, name);
});

test.serial('each refusal of the proxy can be read by pages of the allowed origins, and by no others', async (t) => {
  const app = await newApp('free', { url: null, status: 'suspended' });
  const serving = await newApp();
  const ask = (from: string): Promise<Response>[] => [
    call(app, '/users', { headers: { origin: from } }),
    call(app, '/users', { headers: { origin: from }, key: app.publicKey }),
    call(serving, '/x', { headers: { origin: from }, key: serving.publicKey, method: 'POST', body: 'x'.repeat(65_537) }),
  ];
  const allowed = await Promise.all(ask(origin));
  t.deepEqual(
    allowed.map(({ status }) => status),
    [401, 503, 413],
  );
  for (const { headers } of allowed) {
    t.is(headers.get('access-control-allow-origin'), origin);
    for (const name of ['Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-AuthSome-Request-ID'])
      t.true(headers.get('access-control-expose-headers')?.includes(name), name);
  }
  for (const { headers } of await Promise.all(ask('https://evil.example'))) t.is(headers.get('access-control-allow-origin'), null);
  const unknown = await call({ ...app, appId: 'app_nobodys1' }, '/users', { headers: { origin } });
  t.is(unknown.status, 404);
  t.is(unknown.headers.get('access-control-allow-origin'), '*', 'nothing is known of it, and nothing is said');
});

test.serial('guesses at keys and at ids of one client are bounded, and cost the others nothing', async (t) => {
  const app = await newApp();
  const client = newClient();
  // From now on the application is known.
  await call(app, '/users');
  const guesses = await Promise.all(Array.from({ length: 120 }, () => call(app, '/users', { client, key: `sk_live_${'a'.repeat(43)}` })));
  t.is(guesses.filter(({ status }) => status === 429).length, 70);
  t.is((await call(app, '/users', { client, key: app.secretKey })).status, 200);
  const ids = await Promise.all(
    Array.from({ length: 120 }, (_, i) => call({ ...app, appId: `app_guess${1_000 + i}` }, '/users', { client })),
  );
  t.is(ids.filter(({ status }) => status === 429).length, 70);
  t.is((await call({ ...app, appId: 'app_guess9999' }, '/users')).status, 404);
  t.is((await call(app, '/users', { client, key: app.secretKey })).status, 200, 'a known application is served all the same');
});

test.serial('every answer of the proxy has the security headers; behind TLS it asks for TLS', async (t) => {
  const app = await newApp();
  const answers = [
    await call(app, '/x', { key: app.secretKey }),
    await call(app, '/x'),
    await preflight(app),
    await fetch(`${proxy.url}/elsewhere`),
  ];
  for (const { headers } of answers) {
    t.is(headers.get('x-content-type-options'), 'nosniff');
    t.is(headers.get('referrer-policy'), 'no-referrer');
    t.is(headers.get('cache-control'), 'no-store');
    t.is(headers.get('x-powered-by'), null);
    t.is(headers.get('strict-transport-security'), null);
  }
  const secure = await call(app, '/x', { key: app.secretKey, headers: { 'x-forwarded-proto': 'https' } });
  t.is(secure.headers.get('strict-transport-security'), 'max-age=31536000');
});

test.serial(
  'bodies that come slowly hold a bounded share of an application, are cut off in time, and leave room for another one',
  async (t) => {
    const app = await newApp();
    const other = await newApp();
    const head = (length: number): string =>
      `POST /v1/${app.appId}/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.publicKey}\r\nContent-Length: ${length}\r\n\r\n`;
    // 40 × 60,000 bytes: twice what one application may hold in this test's proxy (1,200,000).
    const stalled = Array.from({ length: 40 }, () => received(proxy.port, head(65_536) + 'x'.repeat(60_000)));
    const deadline = Date.now() + 5_000;
    while (proxy.bodies.held() < 1_100_000 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    t.true(proxy.bodies.held() <= 1_200_000, String(proxy.bodies.held()));
    t.is((await call(other, '/x', { key: other.publicKey, method: 'POST', body: 'x'.repeat(60_000) })).status, 200);

    const ended = (await Promise.all(stalled)).map((text) => statuses(text));
    t.deepEqual([...new Set(ended.flat())].sort(), [408, 503]);
    t.deepEqual(
      ended.filter((each) => each.length !== 1),
      [],
      'one answer each',
    );
    t.true(ended.flat().filter((status) => status === 503).length >= 20);
    t.is(proxy.bodies.held(), 0);
    t.is((await call(app, '/x', { key: app.publicKey, method: 'POST', body: 'x'.repeat(60_000) })).status, 200);
  },
);

test.serial('no body is read before key, rate and status are checked, and a refusal ends the connection', async (t) => {
  const app = await newApp('free', { url: null, status: 'suspended' });
  const head = (key: string): string =>
    `POST /v1/${app.appId}/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Length: 60000\r\n\r\nbegun`;
  for (const [key, status] of [
    ['none', 401],
    [app.secretKey, 503],
  ] as const) {
    const text = await received(proxy.port, head(key));
    t.deepEqual(statuses(text), [status]);
    t.regex(text, /connection: close/i);
  }
  t.is(proxy.bodies.held(), 0);
});

test.serial('garbage behind a request that the instance is slow to answer comes after its answer', async (t) => {
  const app = await newApp();
  upstream.handler = (_req, res) => setTimeout(() => res.end('slow answer'), 200);
  const text = await sendRaw(
    proxy.port,
    `GET /v1/${app.appId}/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.secretKey}\r\n\r\ngarbage\r\n\r\n`,
  );
  t.deepEqual(statuses(text), [200, 400], text);
  t.regex(text, /slow answer[^]*x-authsome-region: eu-west-1[^]*invalid_request/i);
});

test.serial('more than 100 headers are refused with 431 and the true reason', async (t) => {
  const app = await newApp();
  const headers = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`).join('');
  const text = await sendRaw(
    proxy.port,
    `GET /v1/${app.appId}/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.secretKey}\r\n${headers}\r\n`,
  );
  t.deepEqual(statuses(text), [431]);
  t.regex(text, /must be at most 100/);
  t.deepEqual(upstream.received, []);
});

test.serial('a flood of refused requests leaves a bounded number of log lines, which say how many were left out', async (t) => {
  const app = await newApp();
  proxy.lines.length = 0;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 1_000 }, () => call(app, '/users')));
  const seconds = (performance.now() - startedAt) / 1_000;
  const written = proxy.lines.length;
  t.true(written <= 100 * (Math.ceil(seconds) + 1), `${written} lines in ${seconds} s`);
  await answer(await call(app, '/users', { key: app.secretKey }));
  if (written < 1_000) t.regex(proxy.lines.join(''), /"leftOut":\d+/);
});

/** Sends bytes and then nothing more; what came until the server closed. Rejects after 20 s. */
function received(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const timer = setTimeout(() => reject(new Error(`The connection stayed open: ${text}`)), 20_000);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}
