import test from 'ava';
import { createApplication, createWorkspace, validApplication } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';

let api: TestControlApi;
let owner: OwnerClient;
let workspaceId: string;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
  workspaceId = await createWorkspace(owner);
});
test.after.always(() => api.close());

const email = { from: 'a@acme.example', smtp: { host: 'smtp.acme.example' } };
const client = { clientId: 'id', clientSecret: 'hunter2' };

const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

// Nothing in this file creates an application, so a single row anywhere is a leak of a refused request.
test.afterEach.always(async (t) => {
  for (const table of ['applications', 'api_keys', 'jobs'] as const) {
    t.deepEqual(await api.db.selectFrom(table).select('id').execute(), [], `${table} stays empty`);
  }
  t.deepEqual(await api.redis.keys('route:*'), []);
});

const refusesField = test.macro({
  title: (what, _change: Record<string, unknown>, field: string) => `creating an application refuses ${what ?? ''}, naming ${field}`,
  async exec(t, change: Record<string, unknown>, field: string) {
    const path = `/control/v1/workspaces/${workspaceId}/applications`;
    const { status, body, headers } = await owner.post<ErrorAnswer>(path, { ...validApplication, ...change });
    t.is(status, 400);
    t.is(body.error.code, 'invalid_request');
    t.is(body.error.details?.field, field);
    t.is(headers.get('x-authsome-request-id'), body.error.requestId);
    t.false(JSON.stringify(body).includes('hunter2'), 'a secret is never repeated');
  },
});

test('an unknown field', refusesField, { plan: 'enterprise' }, 'plan');
test('an unknown setting', refusesField, { config: { colour: 'red' } }, 'config.colour');
test('a missing name', refusesField, { name: undefined }, 'name');
test('a name that is a number', refusesField, { name: 7 }, 'name');
test('a name that is a list', refusesField, { name: ['Web'] }, 'name');
test('an empty name', refusesField, { name: '  ' }, 'name');
test('an over-long name', refusesField, { name: 'n'.repeat(101) }, 'name');
test('a name with a line break', refusesField, { name: 'a\nb' }, 'name');
test('a name with half a character', refusesField, { name: '\ud800' }, 'name');
test('a slug in upper case', refusesField, { slug: 'Web' }, 'slug');
test('a slug that ends in a hyphen', refusesField, { slug: 'web-' }, 'slug');
test('an over-long slug', refusesField, { slug: 's'.repeat(64) }, 'slug');
test('a slug with SQL', refusesField, { slug: `'; drop table jobs; --` }, 'slug');
test('an unknown environment', refusesField, { environment: 'prod' }, 'environment');
test('a region that is not offered', refusesField, { region: 'ap-south-1' }, 'region');
test('a session that is too short', refusesField, { config: { sessionTimeoutSeconds: 1 } }, 'config.sessionTimeoutSeconds');
test('an origin that is no URL', refusesField, { config: { allowedOrigins: ['https://a.example', 'nope'] } }, 'config.allowedOrigins.1');
test('an origin with a script', refusesField, { config: { allowedOrigins: ['javascript:alert(1)'] } }, 'config.allowedOrigins.0');
test('verification without email', refusesField, { config: { emailVerificationRequired: true } }, 'config.emailVerificationRequired');
test('a secret outside of its place', refusesField, { config: { password: 'hunter2' } }, 'config.password');
test('a password beside the mail server', refusesField, { config: { email: { ...email, password: 'hunter2' } } }, 'config.email.password');
test(
  'a sender that adds a header',
  refusesField,
  { config: { email: { ...email, from: 'A\r\nBcc: b <a@b.example>' } } },
  'config.email.from',
);
test('an unknown provider', refusesField, { config: { socialProviders: { myspace: client } } }, 'config.socialProviders.myspace');
test(
  'a provider without its secret',
  refusesField,
  { config: { socialProviders: { google: { clientId: 'id' } } } },
  'config.socialProviders.google.clientSecret',
);
test(
  'a secret that is a number',
  refusesField,
  { config: { socialProviders: { google: { clientId: 'id', clientSecret: 7 } } } },
  'config.socialProviders.google.clientSecret',
);
test(
  'an over-long secret',
  refusesField,
  { config: { socialProviders: { google: { clientId: 'id', clientSecret: 's'.repeat(1_025) } } } },
  'config.socialProviders.google.clientSecret',
);
test(
  'a provider under a social name',
  refusesField,
  { config: { oidcProviders: { google: { ...client, issuer: 'https://idp.example' } } } },
  'config.oidcProviders.google',
);
test(
  'a secret in the URL of an issuer',
  refusesField,
  { config: { oidcProviders: { idp: { ...client, issuer: 'https://u:hunter2@idp.example' } } } },
  'config.oidcProviders.idp.issuer',
);
test(
  'half a character in an origin',
  refusesField,
  { config: { allowedOrigins: ['https://a.example/\ud800'] } },
  'config.allowedOrigins.0',
);
test('a NUL character', refusesField, { name: 'a\0b' }, 'name');
test('a NUL character deep in a setting', refusesField, { config: { email: { ...email, from: 'a\0@b.example' } } }, 'config.email.from');
test('a field whose name has a NUL character', refusesField, { 'a\0': 1 }, 'a\ufffd');
test('a field whose name has half a character', refusesField, { '\ud800': 1 }, '\ufffd');
test('a setting that is nested too deep', refusesField, { config: nested(40) }, 'config');

test('a field of the wrong type is not said to be missing, and the value is not repeated', async (t) => {
  const { body } = await createApplication(owner, workspaceId, { name: 7, slug: undefined });
  const { details } = (body as unknown as { error: { details: { reason: string; more: { reason: string }[] } } }).error;
  t.regex(details.reason, /expected string, received number/);
  t.is(details.more[0]?.reason, 'is required');
});

test('several problems are told at once', async (t) => {
  const { body } = await createApplication(owner, workspaceId, { name: 7, slug: 'X' });
  const { details } = (body as unknown as { error: { details: { field: string; more: { field: string }[] } } }).error;
  t.deepEqual([details.field, ...details.more.map(({ field }) => field)].sort(), ['name', 'slug']);
});

const refusesBody = test.macro({
  title: (what) => `a body is refused: ${what ?? ''}`,
  async exec(
    t,
    { raw, headers, status: expected }: { raw: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string>; status: number },
  ) {
    const path = `/control/v1/workspaces/${workspaceId}/applications`;
    const { status, body } = await request(api.url, { method: 'POST', path, token: owner.token, raw, ...(headers ? { headers } : {}) });
    t.is(status, expected);
    t.is(body.error.code, 'invalid_request');
    t.truthy(body.error.details?.reason);
  },
});

test('empty', refusesBody, { raw: '', status: 400 });
test('bytes that are not UTF-8', refusesBody, { raw: Uint8Array.of(0x7b, 0xff, 0x7d), status: 400 });
test('cut off', refusesBody, { raw: '{"name":', status: 400 });
test('a list', refusesBody, { raw: '[]', status: 400 });
test('null', refusesBody, { raw: 'null', status: 400 });
test('a million brackets', refusesBody, { raw: '['.repeat(60_000), status: 400 });
test('nested too deep for a stack', refusesBody, { raw: '['.repeat(32_000) + ']'.repeat(32_000), status: 400 });
test('larger than the limit', refusesBody, { raw: JSON.stringify({ name: 'n'.repeat(70_000) }), status: 413 });
test('a form', refusesBody, { raw: 'name=a', headers: { 'content-type': 'application/x-www-form-urlencoded' }, status: 415 });
test('a prototype', refusesBody, {
  raw: JSON.stringify({ ...validApplication }).replace('{', '{"__proto__":{"plan":"pro"},'),
  status: 400,
});

const answersNotFound = test.macro({
  title: (what) => `not found: ${what ?? ''}`,
  async exec(t, method: string, path: string) {
    const given = method === 'POST' ? { body: validApplication } : {};
    const { status, body } = await request<ErrorAnswer>(api.url, { method, path, token: owner.token, ...given });
    t.is(status, 404);
    t.is(body.error.code, 'not_found');
  },
});

test('an application in an unknown workspace', answersNotFound, 'POST', '/control/v1/workspaces/ws_unknown1234/applications');
test('a workspace id of another form', answersNotFound, 'POST', '/control/v1/workspaces/WS-1/applications');
test('an unknown application', answersNotFound, 'GET', '/control/v1/applications/app_unknown1234');
test('an application id with SQL', answersNotFound, 'GET', `/control/v1/applications/app_1'%20or%20'1'='1`);
test('deleting an unknown application', answersNotFound, 'DELETE', '/control/v1/applications/app_unknown1234');
test('an unknown key', answersNotFound, 'DELETE', '/control/v1/keys/key_unknown1234');
test('an unknown path', answersNotFound, 'GET', '/control/v1/nothing');

const refusesQuery = test.macro({
  title: (what) => `a list refuses ${what ?? ''}`,
  async exec(t, query: string) {
    const { status, body } = await owner.get<ErrorAnswer>(`/control/v1/workspaces?${query}`);
    t.is(status, 400);
    t.is(body.error.code, 'invalid_request');
  },
});
test('page 0', refusesQuery, 'page=0');
test('a page that is no number', refusesQuery, 'page=one');
test('a page size beyond 100', refusesQuery, 'pageSize=101');
test('a parameter twice', refusesQuery, 'page=1&page=2');
test('an unknown parameter', refusesQuery, 'limit=5');

const refusesText = test.macro({
  title: (what) => `text is refused, naming the field: ${what ?? ''}`,
  async exec(
    t,
    { method = 'GET', path, raw, field }: { method?: string; path: string; raw?: string | Uint8Array<ArrayBuffer>; field: string },
  ) {
    const answer = await request(api.url, { method, path, token: owner.token, ...(raw === undefined ? {} : { raw }) });
    t.is(answer.status, 400);
    t.is(answer.body.error.code, 'invalid_request');
    t.is(answer.body.error.details?.field, field);
  },
});
const latin1 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (character) => character.charCodeAt(0));
const workspaces = { method: 'POST', path: '/control/v1/workspaces' };

test('NUL in a query', refusesText, { path: '/control/v1/workspaces?page=%00', field: 'page' });
test('a query that is not UTF-8', refusesText, { path: '/control/v1/workspaces?page=1&deleted=%ff', field: 'deleted' });
test('NUL in a parameter that no route knows', refusesText, { path: '/control/v1/auth/me?nothing=a%00b', field: 'nothing' });
for (const escape of ['%00', '%ff', '%ed%a0%80', 'app_abc123%00']) {
  test(`${escape} in a path`, refusesText, { path: `/control/v1/applications/${escape}`, field: 'path' });
  test(`${escape} in the path of a write`, refusesText, { method: 'DELETE', path: `/control/v1/keys/${escape}`, field: 'path' });
}
for (const [name, metadata, field] of [
  ['half a character in metadata', '{"a":"\\ud800"}', 'metadata.a'],
  ['half a character in a name of metadata', '{"\\udc00":1}', 'metadata.\ufffd'],
  ['NUL in metadata', '{"a":"\\u0000"}', 'metadata.a'],
] as const) {
  test(name, refusesText, { ...workspaces, raw: `{"name":"Web","metadata":${metadata}}`, field });
}
test('bytes that are not UTF-8', refusesText, {
  ...workspaces,
  raw: latin1('{"name":"Web","metadata":{"b":"\xff"}}'),
  field: 'metadata.b',
});
test('metadata that is nested as deep as no stack holds', refusesText, {
  ...workspaces,
  raw: `{"name":"Web","metadata":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`,
  field: 'metadata',
});
test('a name that is not UTF-8', refusesText, { ...workspaces, raw: latin1('{"name":"M\xfcnchen"}'), field: 'name' });

test('text of every script, and what only looks like a bad escape, is taken', async (t) => {
  for (const name of ['日本語', 'Ольга', '🦉', 'e\u0301', '\ufffd']) {
    t.is((await owner.post('/control/v1/workspaces', { name, metadata: { [name]: name } })).status, 201, name);
  }
  t.is((await request(api.url, { method: 'GET', path: '/control/v1/auth/me?discount=100%&a=%zz', token: owner.token })).status, 200);
});
