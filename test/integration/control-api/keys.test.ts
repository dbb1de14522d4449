import test from 'ava';
import type { ApiKeyView } from '../../../services/control-api/presenters/present-api-key.ts';
import { hashApiKey } from '../../../services/shared/api-keys.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { routeOf } from '../../support/provisioned-application.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const newApplication = async () => (await createApplication(owner, await createWorkspace(owner))).body.id;
const createKey = <Body = ApiKeyView & { key: string }>(id: string, body: object) =>
  owner.post<Body>(`/control/v1/applications/${id}/keys`, body);

test('a new key is shown once, and the proxies have it with the answer', async (t) => {
  const id = await newApplication();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { status, body } = await createKey(id, { name: 'Reader', type: 'secret', scopes: ['users:read'], expiresAt });
  t.is(status, 201);
  t.like(body, { applicationId: id, name: 'Reader', type: 'secret', expiresAt, revokedAt: null, prefix: body.key.slice(0, 12) });
  t.like(
    (await routeOf(api, id)).keys.find((key) => key.id === body.id),
    { hash: hashApiKey(body.key), expiresAt },
  );

  const list = await owner.get<{ data: ApiKeyView[]; total: number }>(`/control/v1/applications/${id}/keys`);
  t.is(list.body.total, 3);
  t.false(JSON.stringify(list.body).includes(body.key));
  t.false(JSON.stringify(list.body).includes(hashApiKey(body.key)));
});

test('a revoked key is out of the route with the answer, and revoking it again changes nothing', async (t) => {
  const id = await newApplication();
  const { body: key } = await createKey(id, { name: 'Old', type: 'public' });
  t.is((await owner.delete(`/control/v1/keys/${key.id}`)).status, 204);
  const route = await routeOf(api, id);
  t.false(route.keys.some(({ id: keyId }) => keyId === key.id));
  t.is((await owner.delete(`/control/v1/keys/${key.id}`)).status, 204);
  t.is((await routeOf(api, id)).revision, route.revision);
});

test('an application being deleted gets no new keys', async (t) => {
  const id = await newApplication();
  await owner.delete(`/control/v1/applications/${id}`);
  t.is((await createKey(id, { name: 'Late', type: 'public' })).status, 409);
});

test('an application has 50 keys at most', async (t) => {
  const id = await newApplication();
  for (let i = 0; i < 48; i += 1) t.is((await createKey(id, { name: `Key ${i}`, type: 'public' })).status, 201);
  t.is((await createKey(id, { name: 'One more', type: 'public' })).status, 409);
});

const refuses = test.macro({
  title: (what) => `a key is refused: ${what ?? ''}`,
  async exec(t, body: object, field: string) {
    const answer = await createKey<ErrorAnswer>(await newApplication(), body);
    t.is(answer.status, 400);
    t.is(answer.body.error.details?.field, field);
  },
});
test('unknown type', refuses, { name: 'Key', type: 'root' }, 'type');
test('unknown scope', refuses, { name: 'Key', type: 'secret', scopes: ['users:eat'] }, 'scopes.0');
test('no scope at all', refuses, { name: 'Key', type: 'secret', scopes: [] }, 'scopes');
test('scopes on a public key', refuses, { name: 'Key', type: 'public', scopes: ['*'] }, 'scopes');
test('expiry in the past', refuses, { name: 'Key', type: 'secret', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt');
test('expiry without a zone', refuses, { name: 'Key', type: 'secret', expiresAt: '2099-01-01T00:00:00' }, 'expiresAt');
test('expiry that is a number', refuses, { name: 'Key', type: 'secret', expiresAt: 4_000_000_000 }, 'expiresAt');
