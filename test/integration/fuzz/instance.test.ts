import { randomBytes } from 'node:crypto';
import test from 'ava';
import { password, startInstance } from '../instance/start-instance.ts';
import type { TestInstance } from '../instance/start-instance.ts';
import { fuzzRoute } from './fuzz-api.ts';
import type { FuzzTarget } from './fuzz-api.ts';
import { instanceRoutes } from './instance-routes.ts';
import { routesOf } from './routes-of.ts';

let instance: TestInstance;
/** A user who is signed in, with an organization, renewed when a request has ended the one or the other. */
let known: Known | undefined;
let mayBeGone = false;

interface Known {
  userId: string;
  token: string;
  sessionId: string;
  organizationId: string;
  memberId: string;
}

test.before(async () => {
  instance = await startInstance({
    mode: 'saas',
    allowedOrigins: ['https://shop.example.com'],
    // A start makes an address only, and a callback without a start's state asks nobody.
    providers: { social: { google: { clientId: 'id', clientSecret: 'secret' } }, oidc: {} },
  });
});
test.after.always(() => instance?.stop());

const proxy = (keyType: string, scopes: string): Record<string, string> => ({
  'x-authsome-instance-token': instance.instanceToken,
  'x-authsome-app-id': instance.appId,
  'x-authsome-key-type': keyType,
  'x-authsome-scopes': scopes,
});

async function signedIn(): Promise<Known> {
  if (known !== undefined && !mayBeGone) return known;
  mayBeGone = false;
  if (known !== undefined && (await instance.call(`/organizations/${known.organizationId}`, { session: known.token })).status === 200)
    return known;
  const body = { email: `${randomBytes(8).toString('hex')}@example.com`, password, name: 'Ada' };
  const { body: signedUp } = await instance.call('/auth/signup', { body });
  const token = signedUp.session?.token ?? '';
  const { body: sessions } = await instance.call('/auth/sessions', { session: token });
  const { body: organization } = await instance.call('/organizations', { session: token, body: { name: 'Acme' } });
  const { body: members } = await instance.call(`/organizations/${organization.id}/members`, { session: token });
  known = {
    ...{ userId: signedUp.user.id, token, sessionId: sessions.data[0]?.id ?? '' },
    ...{ organizationId: organization.id, memberId: members.data[0]?.id ?? '' },
  };
  return known;
}

const target = (): FuzzTarget => ({
  port: Number(new URL(instance.url).port),
  credentials: {
    nothing: () => Promise.resolve({}),
    publicKey: () => Promise.resolve(proxy('public', '')),
    secretKey: () => Promise.resolve(proxy('secret', '*')),
    session: async () => ({ ...proxy('public', ''), 'x-session-token': (await signedIn()).token }),
  },
  privileged: ['session', 'secretKey'],
  answered({ method }, status) {
    mayBeGone ||= method === 'DELETE' || [401, 404].includes(status);
  },
  existing(parameter, path) {
    if (parameter === 'provider') return 'google';
    if (parameter === 'sessionId' || path.startsWith('/auth/sessions')) return known?.sessionId ?? '';
    if (parameter === 'memberId') return known?.memberId ?? '';
    return (path.startsWith('/users') ? known?.userId : known?.organizationId) ?? '';
  },
});

test('every route of the customer API is among those that are tried here', (t) => {
  t.deepEqual(Object.keys(instanceRoutes).sort(), routesOf(instance.koa));
});

for (const [route, input] of Object.entries(instanceRoutes)) {
  test.serial(`${route}: whatever it is sent, it answers in the product's form and never with a fault`, async (t) => {
    await signedIn();
    await fuzzRoute(route, input, target());
    t.is((await instance.call('/ready')).status, 200);
  });
}
