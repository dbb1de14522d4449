import { callApplication, unique } from './platform-under-test.ts';
import { testWithTwoApplications } from './two-applications.ts';

const test = testWithTwoApplications();
const password = 'correct horse battery staple';

interface SignedIn {
  user: { id: string; email: string };
  session: { token: string; expiresAt: string };
}

test('a user signs up with the public key and gets 201, a session, and the platform headers', async (t) => {
  const { first } = t.context;
  const email = `${unique()}@example.com`;
  const { status, headers, body } = await callApplication(first.id, '/auth/signup', { key: first.publicKey, body: { email, password } });
  t.is(status, 201);
  const { user, session } = body as SignedIn;
  t.is(user.email, email);
  t.true(session.token.length >= 32);
  t.true(Date.parse(session.expiresAt) > Date.now());
  t.is(headers.get('x-authsome-app-id'), first.id);
  t.regex(headers.get('x-authsome-request-id') ?? '', /^req_/);
  t.is(headers.get('x-authsome-region'), 'us-east-1');
  t.true(Number(headers.get('x-ratelimit-limit')) > 0);
  t.is(headers.get('x-authsome-event'), null);
});

test('a user who signed up signs in, and the session says who it is', async (t) => {
  const { first } = t.context;
  const email = `${unique()}@example.com`;
  await callApplication(first.id, '/auth/signup', { key: first.publicKey, body: { email, password } });
  const signIn = await callApplication(first.id, '/auth/signin', { key: first.publicKey, body: { email, password } });
  t.is(signIn.status, 200);
  const { session } = signIn.body as SignedIn;
  const current = await callApplication(first.id, '/auth/session', { key: first.publicKey, sessionToken: session.token });
  t.is(current.status, 200);
  t.is((current.body as SignedIn).user.email, email);
  t.is(
    (await callApplication(first.id, '/auth/signout', { method: 'POST', key: first.publicKey, sessionToken: session.token })).status,
    204,
  );
  t.is((await callApplication(first.id, '/auth/session', { key: first.publicKey, sessionToken: session.token })).status, 401);
});

test('a wrong password, a wrong key and no key are all 401', async (t) => {
  const { first } = t.context;
  const email = `${unique()}@example.com`;
  await callApplication(first.id, '/auth/signup', { key: first.publicKey, body: { email, password } });
  t.is(
    (await callApplication(first.id, '/auth/signin', { key: first.publicKey, body: { email, password: 'not the password' } })).status,
    401,
  );
  for (const key of [
    undefined,
    'pk_test_nonsense',
    `${first.publicKey.slice(0, -1)}${first.publicKey.endsWith('0') ? '1' : '0'}`,
    'x'.repeat(3_000),
  ]) {
    const { status, body } = await callApplication(first.id, '/auth/signin', {
      ...(key === undefined ? {} : { key }),
      body: { email, password },
    });
    t.is(status, 401, `key ${key?.slice(0, 20)}`);
    t.is((body as { error: { code: string } }).error.code, 'unauthorized');
  }
});

test('an unknown application is 404, whatever the key', async (t) => {
  const { first } = t.context;
  const { status, body } = await callApplication('app_doesnotexist0', '/auth/session', { key: first.publicKey });
  t.is(status, 404);
  t.is((body as { error: { code: string } }).error.code, 'not_found');
});

test('two applications of one owner do not see each other: keys, users and sessions of one mean nothing to the other', async (t) => {
  const { first, second } = t.context;
  const email = `${unique()}@example.com`;
  const { session } = (await callApplication(first.id, '/auth/signup', { key: first.publicKey, body: { email, password } }))
    .body as SignedIn;
  t.is((await callApplication(second.id, '/auth/signin', { key: first.publicKey, body: { email, password } })).status, 401);
  t.is((await callApplication(second.id, '/auth/signin', { key: second.publicKey, body: { email, password } })).status, 401);
  t.is((await callApplication(second.id, '/auth/session', { key: second.publicKey, sessionToken: session.token })).status, 401);
  const { body } = await callApplication(second.id, '/users?pageSize=100', { key: second.secretKey });
  t.false((body as { data: { email: string }[] }).data.some((user) => user.email === email));
});

test('only the secret key lists users', async (t) => {
  const { first } = t.context;
  t.is((await callApplication(first.id, '/users', { key: first.publicKey })).status, 403);
  t.is((await callApplication(first.id, '/users', { key: first.secretKey })).status, 200);
});

test('headers that only the proxy may set do not get through', async (t) => {
  const { first } = t.context;
  const forged = { 'x-authsome-key-type': 'secret', 'x-authsome-scopes': '*', 'x-authsome-app-id': 'app_other0000' };
  const { status, headers } = await callApplication(first.id, '/users', { key: first.publicKey, headers: forged });
  t.is(status, 403);
  t.is(headers.get('x-authsome-app-id'), first.id);
});
