import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import baseTest from 'ava';
import type { ExecutionContext, TestFn } from 'ava';
import { answer } from '../instance/start-instance.ts';
import { sendRaw, statuses } from './send-raw.ts';
import { startProxy } from './start-proxy.ts';
import type { TestApp, TestProxy } from './start-proxy.ts';
import { startUpstream } from './start-upstream.ts';
import type { TestUpstream } from './start-upstream.ts';

interface Context {
  upstream: TestUpstream;
  app: TestApp;
  /** The request line's target and the headers that every raw request needs. */
  target: (path?: string) => string;
  headers: string;
}
const test = baseTest as TestFn<Context>;

let proxy: TestProxy;
test.before(async () => {
  proxy = await startProxy({ timeouts: { connectMs: 300, responseMs: 600, idleMs: 400 } });
});
test.after.always(() => proxy?.stop());
test.beforeEach(async (t) => {
  const upstream = await startUpstream();
  const app = await proxy.addApp({ url: upstream.url, plan: 'enterprise' });
  const headers = `Host: api.example.com\r\nAuthorization: Bearer ${app.secretKey}\r\n`;
  t.context = { upstream, app, headers, target: (path = '/x') => `/v1/${app.appId}${path}` };
});
test.afterEach.always((t) => t.context.upstream?.stop());

test.serial('the instance gets the path, the query, the body and what the proxy says, and nothing that the client forged', async (t) => {
  const { upstream, app, target } = t.context;
  const response = await fetch(`${proxy.url}${target('/auth/signup?x=1')}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${app.secretKey}`,
      cookie: 'a=b',
      'x-authsome-scopes': 'forged',
      'x-authsome-anything': 'forged',
      'x-authsome-request-id': 'req_0123456789abcdef',
      'x-forwarded-for': '6.6.6.6',
      'user-agent': 'test agent',
      'content-type': 'application/json',
    },
    body: '{"a":1}',
  });
  t.is(response.status, 200);
  t.is(response.headers.get('x-authsome-request-id'), 'req_0123456789abcdef');
  const [received] = upstream.received;
  t.is(received?.url, '/auth/signup?x=1');
  t.is(received?.body, '{"a":1}');
  t.like(received?.headers, {
    host: new URL(upstream.url).host,
    'user-agent': 'test agent',
    'content-type': 'application/json',
    'content-length': '7',
    'x-forwarded-for': '127.0.0.1',
    'x-authsome-instance-token': 'x'.repeat(32),
    'x-authsome-app-id': app.appId,
    'x-authsome-request-id': 'req_0123456789abcdef',
    'x-authsome-key-type': 'secret',
    'x-authsome-scopes': '*',
  });
  for (const name of ['authorization', 'cookie', 'transfer-encoding', 'x-authsome-anything'])
    t.is(received?.headers[name], undefined, name);
});

test.serial('the answer comes back whole, without internal headers and cookies', async (t) => {
  const { upstream, app, target } = t.context;
  upstream.handler = (_req, res) => {
    res.writeHead(418, {
      'x-authsome-event': 'signup;user=usr_1',
      'set-cookie': 'a=b',
      connection: 'close, x-hop',
      'x-hop': '1',
      'x-kept': '1',
    });
    res.write('part ');
    setTimeout(() => res.end('whole'), 20);
  };
  const response = await fetch(proxy.url + target(), { headers: { authorization: `Bearer ${app.secretKey}` } });
  t.is(response.status, 418);
  t.is(await response.text(), 'part whole');
  t.is(response.headers.get('x-kept'), '1');
  for (const name of ['x-authsome-event', 'set-cookie', 'x-hop']) t.is(response.headers.get(name), null, name);
  t.is(response.headers.get('x-authsome-app-id'), app.appId);
});

for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST']) {
  test.serial(`node-http-proxy #1721, CVE-2026-29057: a chunked ${method} body smuggles no second request`, async (t) => {
    const { upstream, headers, target } = t.context;
    const smuggled = `GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`;
    const received = await sendRaw(
      proxy.port,
      `${method} ${target()} HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n` +
        `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    t.deepEqual(statuses(received), [200]);
    t.is(upstream.received.length, 1);
    t.is(upstream.received[0]?.method, method);
    t.is(upstream.received[0]?.body, smuggled);
    t.is(upstream.received[0]?.headers['content-length'], String(smuggled.length));
    t.is(upstream.received[0]?.headers['transfer-encoding'], undefined);
  });
}

const ambiguous: Record<string, string> = {
  'both Content-Length and Transfer-Encoding': 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding before Content-Length': 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'two lengths': 'Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello',
  'a list of lengths': 'Content-Length: 5, 5\r\n\r\nhello',
  'a signed length': 'Content-Length: +5\r\n\r\nhello',
  'a transfer encoding that is not last chunked': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'an unknown transfer encoding': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'a space before the colon': 'Content-Length : 5\r\n\r\nhello',
  'a folded header': 'X-A: 1\r\n folded\r\n\r\n',
  'a header without a name': ': 1\r\n\r\n',
  'a NUL in a header': 'X-A: a\0b\r\n\r\n',
  'a bare carriage return in a header': 'X-A: a\rb\r\n\r\n',
  'a bad chunk size': 'Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n',
  'a chunk longer than its size': 'Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
};
for (const [what, rest] of Object.entries(ambiguous)) {
  test.serial(`${what}: 400, nothing reaches the instance, and the connection ends`, async (t) => {
    const { upstream, headers, target } = t.context;
    const next = `GET ${target('/next')} HTTP/1.1\r\n${headers}\r\n`;
    const received = await sendRaw(proxy.port, `POST ${target()} HTTP/1.1\r\n${headers}${rest}${next}`);
    t.deepEqual(statuses(received), [400], received);
    t.regex(received, /"code":"invalid_request"/);
    t.deepEqual(upstream.received, []);
  });
}

test.serial('a request without Host, with an unknown method or a path that two parsers read differently answers 400', async (t) => {
  const { upstream, headers, target } = t.context;
  const authorization = headers.split('\r\n')[1];
  t.deepEqual(statuses(await sendRaw(proxy.port, `GET ${target()} HTTP/1.1\r\n${authorization}\r\n\r\n`)), [400]);
  t.deepEqual(statuses(await sendRaw(proxy.port, `TRACE ${target()} HTTP/1.1\r\n${headers}\r\n`)), [400]);
  for (const path of ['/../app_other1/x', '/%2e%2e/x', '//x', '/a\\b']) {
    t.deepEqual(statuses(await sendRaw(proxy.port, `GET ${target(path)} HTTP/1.1\r\n${headers}\r\n`)), [400], path);
  }
  t.deepEqual(upstream.received, []);
});

test.serial('headers over 16 KiB answer 431', async (t) => {
  const { headers, target } = t.context;
  t.deepEqual(statuses(await sendRaw(proxy.port, `GET ${target()} HTTP/1.1\r\n${headers}X-Big: ${'x'.repeat(17_000)}\r\n\r\n`)), [431]);
});

test.serial('a body over 64 KiB answers 413, with a length or chunked, and one over 1 MiB where users are imported', async (t) => {
  const { upstream, app, target } = t.context;
  const send = (path: string, body: RequestInit['body'], key = app.secretKey): Promise<Response> =>
    fetch(proxy.url + target(path), { method: 'POST', headers: { authorization: `Bearer ${key}` }, body, duplex: 'half' });
  const { status, body } = await answer(await send('/x', 'x'.repeat(65_537)));
  t.is(status, 413);
  t.like(body.error, { code: 'invalid_request', details: { field: 'body', reason: 'must be at most 65536 bytes' } });
  t.is((await send('/x', new Blob(['x'.repeat(65_537)]).stream())).status, 413);
  t.is((await send('/x', 'x'.repeat(65_536))).status, 200);

  t.is((await send('/users/import', 'x'.repeat(1_048_577))).status, 413);
  t.is((await send('/users/import', 'x'.repeat(100_000), app.publicKey)).status, 413);
  t.is((await send('/users/import', 'x'.repeat(1_048_576))).status, 200);
  t.deepEqual(
    upstream.received.map((received) => received.body.length),
    [65_536, 1_048_576],
  );
});

test.serial('a connection to the instance is kept and used again', async (t) => {
  const { upstream, app, target } = t.context;
  for (let i = 0; i < 3; i += 1) {
    await (await fetch(proxy.url + target(), { method: 'POST', body: 'x', headers: { authorization: `Bearer ${app.secretKey}` } })).text();
  }
  t.is(upstream.connections.length, 1);
});

test.serial('pipelined requests are answered in order', async (t) => {
  const { upstream, headers, target } = t.context;
  // The first answer is ready last.
  upstream.handler = (req, res) => setTimeout(() => res.end(req.url), req.url === '/1' ? 100 : 0);
  const requests = ['/1', '/2', '/3'].map((path) => `GET ${target(path)} HTTP/1.1\r\n${headers}\r\n`).join('');
  const received = await sendRaw(proxy.port, requests);
  t.deepEqual(statuses(received), [200, 200, 200]);
  t.deepEqual(
    [...received.matchAll(/\r\n\r\n(\/\d)/g)].map(([, path]) => path),
    ['/1', '/2', '/3'],
    received,
  );
});

test.serial('no connection is shared between applications, even on one address', async (t) => {
  const { upstream, app, target } = t.context;
  const other = await proxy.addApp({ url: upstream.url, plan: 'enterprise' });
  await (await fetch(proxy.url + target(), { headers: { authorization: `Bearer ${app.secretKey}` } })).text();
  await (await fetch(`${proxy.url}/v1/${other.appId}/x`, { headers: { authorization: `Bearer ${other.secretKey}` } })).text();
  t.is(upstream.connections.length, 2);
});

test.serial('http-proxy-middleware #782: a client that leaves takes its connection to the instance along', async (t) => {
  // With the default timeouts, so that it is not the answer's lateness that ends the connection.
  const patient = await startProxy();
  try {
    const upstream = t.context.upstream;
    const app = await patient.addApp({ url: upstream.url });
    const started = Promise.withResolvers<void>();
    upstream.handler = () => started.resolve();
    const request = `POST /v1/${app.appId}/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.secretKey}\r\nContent-Length: 2\r\n\r\nab`;
    const client = connect(patient.port, '127.0.0.1', () => client.write(request));
    await started.promise;
    const closed = once(upstream.connections[0]!, 'close', { signal: AbortSignal.timeout(10_000) });
    client.destroy();
    await t.notThrowsAsync(closed);
  } finally {
    await patient.stop();
  }
});

test.serial('a client that leaves in the middle of the answer takes the connection along', async (t) => {
  const { upstream, headers, target } = t.context;
  upstream.handler = (_req, res) => void res.write('begun');
  const client = connect(proxy.port, '127.0.0.1', () => client.write(`POST ${target()} HTTP/1.1\r\n${headers}Content-Length: 2\r\n\r\nab`));
  await once(client, 'data');
  const closed = once(upstream.connections[0]!, 'close');
  client.destroy();
  await closed;
  t.pass();
});

async function getUnavailable(t: ExecutionContext<Context>, method = 'GET'): Promise<void> {
  const { app, target } = t.context;
  const { status, body } = await answer(
    await fetch(proxy.url + target(), { method, headers: { authorization: `Bearer ${app.secretKey}` } }),
  );
  t.is(status, 503);
  t.is(body.error.code, 'service_unavailable');
  t.deepEqual(body.error.details, { reason: 'upstream' });
}

test.serial('an instance that listens a moment later gets the request, whatever the method, and once', async (t) => {
  const reserved = createServer();
  reserved.listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address() as AddressInfo;
  reserved.close();
  await once(reserved, 'close');
  const app = await proxy.addApp({ url: `http://127.0.0.1:${port}`, plan: 'enterprise' });
  const early = fetch(`${proxy.url}/v1/${app.appId}/auth/signup`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.secretKey}` },
    body: '{"a":1}',
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const late = await startUpstream(port);
  t.teardown(() => late.stop());
  t.is((await early).status, 200);
  t.deepEqual(
    late.received.map(({ body }) => body),
    ['{"a":1}'],
  );
});

test.serial('an instance that is down answers 503', async (t) => {
  await t.context.upstream.stop();
  await getUnavailable(t);
});

test.serial('an instance that answers too late answers 503, and its connection ends', async (t) => {
  t.context.upstream.handler = () => undefined;
  await getUnavailable(t);
  const [socket] = t.context.upstream.connections;
  if (!socket?.closed) await once(socket!, 'close');
  t.true(socket?.destroyed);
});

test.serial('an instance that closes the connection without an answer answers 503', async (t) => {
  t.context.upstream.handler = (req) => req.socket.destroy();
  await getUnavailable(t);
  await getUnavailable(t, 'POST');
});

test.serial('an instance that speaks no HTTP, or switches protocols, answers 503', async (t) => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  ]) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes, 'latin1'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const app = await proxy.addApp({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const response = await fetch(`${proxy.url}/v1/${app.appId}/x`, { headers: { authorization: `Bearer ${app.secretKey}` } });
    t.is(response.status, 503, bytes);
    server.close();
  }
});

test.serial('an answer that is cut short is cut short for the client too', async (t) => {
  const { upstream, app, target } = t.context;
  upstream.handler = (req, res) => {
    res.write('begun');
    setTimeout(() => req.socket.destroy(), 20);
  };
  const response = await fetch(proxy.url + target(), { headers: { authorization: `Bearer ${app.secretKey}` } });
  t.is(response.status, 200);
  await t.throwsAsync(response.text());
});

test.serial('an answer that stalls is cut', async (t) => {
  const { upstream, app, target } = t.context;
  upstream.handler = (_req, res) => void res.write('begun');
  const response = await fetch(proxy.url + target(), { headers: { authorization: `Bearer ${app.secretKey}` } });
  await t.throwsAsync(response.text());
});

for (const [method, expected] of [['GET', 200] as const, ['DELETE', 200] as const, ['POST', 503] as const]) {
  test.serial(`a kept connection that the instance closes just as it is used again: ${method} answers ${expected}`, async (t) => {
    const { upstream, app, target } = t.context;
    const authorization = `Bearer ${app.secretKey}`;
    await (await fetch(proxy.url + target(), { headers: { authorization } })).text();
    const [kept] = upstream.connections;
    upstream.handler = (req, res) => {
      if (req.socket === kept) kept?.resetAndDestroy();
      else res.end('again');
    };
    const response = await fetch(proxy.url + target(), { method, headers: { authorization } });
    t.is(response.status, expected);
    t.is(upstream.connections.length, expected === 200 ? 2 : 1);
  });
}

test.serial('CONNECT is refused, and the request before it on the same connection gets its own answer first', async (t) => {
  const { upstream, headers, target } = t.context;
  upstream.handler = (_req, res) => void setTimeout(() => res.end('slow'), 100);
  const connectRequest = 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n';
  t.deepEqual(statuses(await sendRaw(proxy.port, `GET ${target()} HTTP/1.1\r\n${headers}\r\n${connectRequest}`)), [200, 400]);
  t.deepEqual(statuses(await sendRaw(proxy.port, connectRequest)), [400]);
});

test.serial('HEAD, 204 and 304 answers end', async (t) => {
  const { upstream, app, target } = t.context;
  const headers = { authorization: `Bearer ${app.secretKey}` };
  const head = await fetch(proxy.url + target(), { method: 'HEAD', headers });
  t.is(head.status, 200);
  t.is(await head.text(), '');
  for (const status of [204, 304]) {
    upstream.handler = (_req, res) => res.writeHead(status).end();
    const response = await fetch(proxy.url + target(), { headers });
    t.is(response.status, status);
    t.is(await response.text(), '');
  }
});

test.serial('a client’s Connection: close is honoured', async (t) => {
  const { headers, target } = t.context;
  const received = await sendRaw(proxy.port, `GET ${target()} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  t.regex(received, /connection: close/i);
  t.notRegex(received, /connection: keep-alive/i);
});
