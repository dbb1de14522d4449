import { once } from 'node:events';
import test from 'ava';
import { answer, password, startInstance } from '../instance/start-instance.ts';
import type { Answer, TestInstance } from '../instance/start-instance.ts';
import { startProxy } from './start-proxy.ts';
import type { TestApp, TestProxy } from './start-proxy.ts';

let proxy: TestProxy;
let instance: TestInstance;
let app: TestApp;
test.before(async () => {
  proxy = await startProxy();
  instance = await startInstance({ appId: 'app_routing123', allowedOrigins: ['https://shop.example.com'] });
  app = await proxy.addApp({ appId: instance.appId, url: instance.url, instanceToken: instance.instanceToken });
});
test.after.always(async () => {
  await proxy?.stop();
  await instance?.stop();
});

async function call(path: string, { key, ...init }: RequestInit & { key?: string } = {}, appId = app.appId): Promise<Answer> {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
  return answer(await fetch(`${proxy.url}/v1/${appId}${path}`, { ...init, headers }));
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

test.serial('a user signs up, signs in and asks for the session through the proxy', async (t) => {
  const signedUp = await call('/auth/signup', { ...post({ email: 'a@example.com', password, name: 'A' }), key: app.publicKey });
  t.is(signedUp.status, 201);
  t.is(signedUp.headers.get('x-authsome-app-id'), app.appId);
  t.regex(signedUp.headers.get('x-authsome-request-id') ?? '', /^req_/);
  t.is(signedUp.headers.get('x-authsome-region'), 'eu-west-1');
  t.is(signedUp.headers.get('x-ratelimit-limit'), '100');
  t.is(signedUp.headers.get('x-ratelimit-remaining'), '99');
  t.truthy(signedUp.headers.get('x-ratelimit-reset'));
  t.is(signedUp.headers.get('x-authsome-event'), null);

  const signedIn = await call('/auth/signin', { ...post({ email: 'a@example.com', password }), key: app.publicKey });
  t.is(signedIn.status, 200);
  const session = await call('/auth/session', { headers: { 'x-session-token': signedIn.body.session?.token ?? '' }, key: app.publicKey });
  t.is(session.status, 200);
  t.is(session.body.user.id, signedUp.body.user.id);
});

test.serial('a public key that claims to be a secret one is not believed', async (t) => {
  const forged = {
    'x-authsome-key-type': 'secret',
    'x-authsome-scopes': '*',
    'x-authsome-instance-token': instance.instanceToken,
    'X-AuthSome_Key-Type': 'secret',
  };
  t.is((await call('/users', { headers: forged, key: app.publicKey })).status, 403);
  t.is((await call('/users', { key: app.secretKey })).status, 200);
});

test.serial('every refusal of a key is the same 401, with the product’s headers', async (t) => {
  const other = await proxy.addApp();
  for (const key of [undefined, 'nonsense', other.publicKey, `${app.publicKey}x`]) {
    const { status, body, headers } = await call('/auth/session', { key });
    t.is(status, 401);
    t.deepEqual({ ...body.error, requestId: '' }, {
      code: 'unauthorized',
      message: 'Valid credentials are required.',
      details: { reason: 'api_key_required' },
      requestId: '',
    } as never);
    t.is(headers.get('x-authsome-request-id'), body.error.requestId);
    for (const name of ['x-authsome-app-id', 'x-authsome-region', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) {
      t.truthy(headers.get(name), name);
    }
  }
});

test.serial('an unknown application answers 404, with a key or without', async (t) => {
  for (const appId of ['app_unknown1', 'nonsense', 'app_']) {
    const { status, body, headers } = await call('/auth/session', { key: app.publicKey }, appId);
    t.is(status, 404);
    t.is(body.error.code, 'not_found');
    t.truthy(headers.get('x-ratelimit-limit'));
    t.is((await call('/auth/session', {}, appId)).status, 404);
  }
});

test.serial('a suspension is seen at once, and so is its end', async (t) => {
  const key = app.publicKey;
  t.is((await call('/auth/session', { key })).status, 401);
  await proxy.setStatus(app.appId, 'suspended');
  const suspended = await eventually(
    () => call('/auth/session', { key }),
    ({ status }) => status === 503,
  );
  t.deepEqual(suspended.body.error.details, { reason: 'suspended' });
  t.is((await call('/auth/session', { key: 'wrong' })).status, 401);
  await proxy.setStatus(app.appId, 'active');
  t.is(
    (
      await eventually(
        () => call('/auth/session', { key }),
        ({ status }) => status === 401,
      )
    ).status,
    401,
  );
});

test.serial('an application that is being provisioned answers 503', async (t) => {
  const young = await proxy.addApp({ status: 'provisioning' });
  const { status, body } = await call('/auth/session', { key: young.publicKey }, young.appId);
  t.is(status, 503);
  t.deepEqual(body.error.details, { reason: 'provisioning' });
});

test.serial('a deleted application answers 404', async (t) => {
  const old = await proxy.addApp({ url: instance.url });
  t.not((await call('/auth/session', { key: old.publicKey }, old.appId)).status, 404);
  await proxy.remove(old.appId);
  t.is(
    (
      await eventually(
        () => call('/auth/session', { key: old.publicKey }, old.appId),
        ({ status }) => status === 404,
      )
    ).status,
    404,
  );
});

test.serial('a new application is served at once after it was asked for too early', async (t) => {
  t.is((await call('/auth/session', {}, 'app_tooearly1')).status, 404);
  const { publicKey } = await proxy.addApp({ appId: 'app_tooearly1', status: 'provisioning' });
  const served = await eventually(
    () => call('/auth/session', { key: publicKey }, 'app_tooearly1'),
    ({ status }) => status === 503,
  );
  t.is(served.status, 503);
});

test.serial('a Redis that lost everything is made good by PostgreSQL', async (t) => {
  await proxy.redis.flushdb();
  const reconnected = once(proxy.subscriber, 'ready');
  proxy.subscriber.disconnect(true);
  await reconnected;
  await proxy.subscribed();
  t.is((await call('/users', { key: app.secretKey })).status, 200);
  const unpublished = await proxy.addApp({ url: instance.url, published: false, status: 'suspended' });
  t.is((await call('/users', { key: unpublished.secretKey }, unpublished.appId)).status, 503);
});

test.serial('a change that came while the subscription was cut is seen', async (t) => {
  t.is((await call('/users', { key: app.secretKey })).status, 200);
  const ended = once(proxy.subscriber, 'end');
  proxy.subscriber.disconnect();
  await ended;
  await proxy.setStatus(app.appId, 'suspended');
  t.is((await call('/users', { key: app.secretKey })).status, 503);
  await proxy.setStatus(app.appId, 'active');
  await proxy.subscriber.connect();
  const again = await eventually(
    () => call('/users', { key: app.secretKey }),
    ({ status }) => status === 200,
  );
  t.is(again.status, 200);
});

test.serial('without Redis, routes come from PostgreSQL', async (t) => {
  proxy.redis.disconnect();
  const lost = once(proxy.subscriber, 'close');
  proxy.subscriber.disconnect();
  await lost;
  t.is((await call('/users', { key: app.secretKey })).status, 200);
  t.is((await call('/users', { key: app.secretKey }, 'app_unknown2')).status, 404);
  await proxy.redis.connect();
  await proxy.subscriber.connect();
  await proxy.subscribed();
});

test.serial('a browser’s preflight needs no key, and the proxy’s own errors can be read by a page', async (t) => {
  const origin = 'https://shop.example.com';
  const preflight = await fetch(`${proxy.url}/v1/${app.appId}/auth/signin`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-origin'), origin);
  t.is((await call('/users', { headers: { origin } })).headers.get('access-control-allow-origin'), '*');
});

test.serial('requests beyond the plan’s rate answer 429 and say when to come back', async (t) => {
  const free = await proxy.addApp({ plan: 'free', status: 'suspended' });
  const answers = await Promise.all(Array.from({ length: 25 }, () => call('/users', { key: free.secretKey }, free.appId)));
  const limited = answers.filter(({ status }) => status === 429);
  t.true(limited.length >= 10, String(limited.length));
  t.is(limited[0]?.headers.get('x-ratelimit-limit'), '10');
  t.is(limited[0]?.headers.get('x-ratelimit-remaining'), '0');
  t.is(limited[0]?.headers.get('retry-after'), '1');
  t.is(limited[0]?.body.error.code, 'rate_limit_exceeded');
  t.is((await call('/users', { key: free.publicKey }, free.appId)).status, 503);
});

test.serial('outside /v1/ an unknown path answers 404', async (t) => {
  t.is((await fetch(`${proxy.url}/v2/x`)).status, 404);
});

/** Invalidation is pushed: the answer changes within moments, not after the cache's lifetime. */
async function eventually<T>(ask: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 1_500;
  for (;;) {
    const value = await ask();
    if (good(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.serial('the keys to verify tokens with are had without an API key, as libraries fetch them; other paths are not', async (t) => {
  const keys = await call('/auth/jwks');
  t.is(keys.status, 200);
  t.is(keys.body.keys[0]?.['alg'], 'ES256');
  t.is((await call('/auth/jwks', { method: 'POST' })).status, 401);
  t.is((await call('/auth/jwks', { key: 'pk_test_wrong' })).status, 401);
  for (const path of ['/auth/jwks/', '/auth/jwks/x', '/auth/JWKS', '/users', '/auth/session']) t.is((await call(path)).status, 401, path);
});

test.serial('a search is answered as browsers send it, with characters that they do not encode', async (t) => {
  for (const search of ['a|b{c}^d', '`', '100%']) {
    const { status, body } = await call(`/users?search=${search}`, { key: app.secretKey });
    t.is(status, 200, search);
    t.deepEqual(body.data, [], search);
  }
  const refused = await call('/users?search=a%00b', { key: app.secretKey });
  t.is(refused.status, 400);
  t.is(refused.body.error.details?.field, 'search');
});
