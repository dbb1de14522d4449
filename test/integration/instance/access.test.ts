import test from 'ava';
import { password, signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance();
});
test.after.always(() => instance?.stop());

const refused = test.macro(async (t, headers: Record<string, string>) => {
  for (const path of ['/users', '/auth/session', '/auth/signup', '/nowhere']) {
    const { status, body } = await instance.call(path, { key: 'secret', headers });
    t.is(status, 401, path);
    t.is(body.error.code, 'unauthorized');
  }
});
test('without the instance token every path answers 401', refused, { 'x-authsome-instance-token': '' });
test('with a wrong instance token every path answers 401', refused, { 'x-authsome-instance-token': 'f'.repeat(64) });
test("with another application's id every path answers 401", refused, { 'x-authsome-app-id': 'app_another1' });
test('without a key type every path answers 401', refused, { 'x-authsome-key-type': '' });

test('probes need no token, and metrics are not on this port', async (t) => {
  for (const path of ['/health', '/ready']) t.is((await fetch(instance.url + path)).status, 200, path);
  t.is((await fetch(`${instance.url}/metrics`)).status, 401);
});

test('a public key may neither list, read nor delete users, whatever its scopes say', async (t) => {
  const { id } = await signUp(instance, 'public@example.com');
  for (const [path, method] of [['/users', 'GET'] as const, [`/users/${id}`, 'GET'] as const, [`/users/${id}`, 'DELETE'] as const]) {
    const { status, body } = await instance.call(path, { method, key: 'public', scopes: '*' });
    t.is(status, 403);
    t.is(body.error.code, 'forbidden');
  }
});

test('a secret key needs the scope', async (t) => {
  const { id } = await signUp(instance, 'scopes@example.com');
  t.is((await instance.call('/users', { key: 'secret', scopes: 'users:write' })).status, 403);
  t.is((await instance.call('/users', { key: 'secret', scopes: 'audit:read users:read' })).status, 200);
  t.is((await instance.call(`/users/${id}`, { method: 'DELETE', key: 'secret', scopes: 'users:read' })).status, 403);
});

test('a secret key lists users by page, reads one, and deletes it with its sessions', async (t) => {
  const { id, token } = await signUp(instance, 'delete@example.com');
  await signUp(instance, 'keep@example.com');

  const first = await instance.call('/users?page=1&pageSize=1', { key: 'secret' });
  t.is(first.status, 200);
  t.is(first.body.data.length, 1);
  t.is(first.body.pageSize, 1);
  t.true(first.body.total >= 2);

  const one = await instance.call(`/users/${id}`, { key: 'secret' });
  t.is(one.status, 200);
  t.is(one.body.id, id);

  t.is((await instance.call(`/users/${id}`, { method: 'DELETE', key: 'secret' })).status, 204);
  t.is((await instance.call(`/users/${id}`, { key: 'secret' })).status, 404);
  t.is((await instance.call(`/users/${id}`, { method: 'DELETE', key: 'secret' })).status, 404);
  t.is((await instance.call('/auth/session', { session: token })).status, 401);
  t.is((await instance.call('/auth/signin', { body: { email: 'delete@example.com', password } })).status, 401);
});

for (const query of ['page=0', 'pageSize=101', 'page=x', 'order=name']) {
  test(`a listing refuses ${query}`, async (t) => {
    t.is((await instance.call(`/users?${query}`, { key: 'secret' })).status, 400);
  });
}

test('an unknown path answers 404 in the product’s format', async (t) => {
  const { status, body, headers } = await instance.call('/nowhere', { headers: { 'x-authsome-request-id': 'req_0123456789' } });
  t.is(status, 404);
  t.is(body.error.code, 'not_found');
  t.is(body.error.requestId, 'req_0123456789');
  t.is(headers.get('x-authsome-request-id'), 'req_0123456789');
});
