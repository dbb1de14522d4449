import test from 'ava';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ mode: 'saas', allowedOrigins: ['https://shop.example'] });
});
test.after.always(() => instance?.stop());

const admin = { key: 'secret' } as const;
const refusedField = ({ status, body }: Answer) => ({ status, field: body.error?.details?.field });
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

for (const path of ['/users', '/organizations', '/users/usr_00000000000000000000/sessions']) {
  for (const escape of ['a%00b', '%00', '%ff', '%ed%a0%80']) {
    test(`${path} refuses ${escape} in its query, naming the parameter`, async (t) => {
      const answer = await instance.call(`${path}?page=1&search=${escape}`, { ...admin, headers: { origin: 'https://shop.example' } });
      t.deepEqual(refusedField(answer), { status: 400, field: 'search' });
      t.is(answer.headers.get('access-control-allow-origin'), 'https://shop.example', 'a page can read the refusal');
    });
  }
}

for (const [method, path] of [
  ['GET', '/users/ID'],
  ['GET', '/users/ID/export'],
  ['DELETE', '/users/ID/sessions/ID'],
  ['POST', '/users/ID/unban'],
  ['GET', '/organizations/ID'],
  ['DELETE', '/organizations/ID/members/ID'],
  ['DELETE', '/auth/sessions/ID'],
  ['POST', '/auth/social/ID/start'],
] as const) {
  test(`${method} ${path} refuses an id with NUL, with bytes that are no text, and answers others that can not be as unknown`, async (t) => {
    const { token: session } = await signUp(instance, `path-${method}${path.replaceAll('/', '-')}@example.com`.toLowerCase());
    const call = (id: string) =>
      instance.call(path.replaceAll('ID', id), { ...admin, method, ...(path.startsWith('/auth') ? { session } : {}) });
    for (const id of ['%00', 'usr_%00', '%ff']) t.deepEqual(refusedField(await call(id)), { status: 400, field: 'path' });
    for (const id of ['%F0%9F%A6%89', 'usr_1', '%25', "'--"]) t.true([400, 404].includes((await call(id)).status), id);
  });
}

const badMetadata = [
  ['NUL', '{"a":["\\u0000"]}', 'metadata.a.0'],
  ['half a character', '{"a":{"b":"\\ud800"}}', 'metadata.a.b'],
  ['half a character in a name', '{"\\udfff":1}', 'metadata.\ufffd'],
  ['40 levels', nested(40), 'metadata'],
  ['1,000 levels', nested(1_000), 'metadata'],
  ['2,000 levels', nested(2_000), 'metadata'],
] as const;
for (const [what, metadata, field] of badMetadata) {
  test(`metadata with ${what} is refused, naming the field, wherever it is given`, async (t) => {
    const { id } = await signUp(instance, `metadata-${what.replaceAll(/[^a-z0-9]/gi, '')}@example.com`);
    const body = (text: string): string => text.replace('METADATA', metadata);
    for (const [method, path, json] of [
      ['POST', '/users', '{"email":"never@example.com","metadata":METADATA}'],
      ['PATCH', `/users/${id}`, '{"metadata":METADATA}'],
      ['POST', '/organizations', `{"name":"Acme","ownerId":"${id}","metadata":METADATA}`],
    ] as const) {
      const answer = await instance.call(path, { ...admin, method, body: body(json) });
      t.deepEqual(refusedField(answer), { status: 400, field }, `${method} ${path}`);
    }
  });

  test(`an import refuses the row alone whose metadata has ${what}`, async (t) => {
    const rows = `{"users":[{"email":"before@import.example"},{"email":"bad@import.example","metadata":${metadata}},{"email":"after@import.example"}]}`;
    const { status, body } = await instance.call('/users/import', { ...admin, body: rows });
    t.is(status, 200);
    const [before, bad, after] = body.results;
    t.deepEqual(
      [before?.status, bad?.status, after?.status].map((one) => (one === 'exists' ? 'created' : one)),
      ['created', 'invalid', 'created'],
    );
    t.is(bad?.problem?.field, field);
  });
}

test('metadata as deep as the bound is kept', async (t) => {
  const deepest = nested(31);
  const body = `{"email":"deep@example.com","metadata":${deepest}}`;
  const made = await instance.call('/users', { ...admin, body });
  t.is(made.status, 201);
  t.deepEqual(made.body.metadata, JSON.parse(deepest));
});

for (const [path, body] of [
  ['/auth/signup', { email: 'a@example.com', password, name: '\ud800' }],
  ['/auth/signin', { email: 'a@example.com', password: '\ud800' }],
  ['/auth/password/forgot', { email: 'a@example.com', redirectUrl: '\udfff' }],
  ['/auth/totp/challenge', { challengeToken: '\0', code: '123456' }],
  ['/auth/email/verify', { token: '\ud800' }],
  ['/auth/social/google/callback', { code: 'a\0', state: 'b' }],
] as const) {
  test(`${path} refuses text that can not be stored, naming the field`, async (t) => {
    const [field] = Object.entries(body).find(([, text]) => text.includes('\0') || !text.isWellFormed()) ?? [];
    t.deepEqual(refusedField(await instance.call(path, { body })), { status: 400, field });
  });
}

test('a body that is not UTF-8 is refused, naming the field', async (t) => {
  const body = Buffer.from(JSON.stringify({ email: 'a@example.com', password, name: 'M\xfcnchen' }), 'latin1');
  const answer = await fetch(`${instance.url}/auth/signup`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...{ 'x-authsome-instance-token': instance.instanceToken, 'x-authsome-app-id': instance.appId, 'x-authsome-key-type': 'public' },
    },
    body,
  });
  t.is(answer.status, 400);
  t.deepEqual(((await answer.json()) as { error: { details: unknown } }).error.details, { field: 'name', reason: 'must be valid UTF-8' });
});

test('a JSON content type without a body is no body', async (t) => {
  const headers = { 'content-type': 'application/json' };
  const { id, token } = await signUp(instance, 'empty-body@example.com');
  const needsPassword = await instance.call('/auth/user', { method: 'DELETE', session: token, headers });
  t.deepEqual(refusedField(needsPassword), { status: 400, field: 'password' });
  t.is((await instance.call(`/users/${id}/ban`, { ...admin, method: 'POST', headers })).status, 200);
  t.is((await instance.call(`/users/${id}/unban`, { ...admin, method: 'POST' })).status, 200);
  const missing = await instance.call('/auth/signin', { method: 'POST', headers });
  t.deepEqual(refusedField(missing), { status: 400, field: 'email' });
});
