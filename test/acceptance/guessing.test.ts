import { callApplication, platform, unique } from './platform-under-test.ts';
import { testWithTwoApplications } from './two-applications.ts';

const test = testWithTwoApplications();
const password = 'correct horse battery staple';

test('after five wrong passwords a client waits, through every replica, whatever it says of its address; another application does not', async (t) => {
  const { first, second } = t.context;
  const email = `${unique()}@example.com`;
  for (const { id, publicKey: key } of [first, second]) await callApplication(id, '/auth/signup', { key, body: { email, password } });
  const signIn = (given: string, n: number, { id, publicKey: key } = first) =>
    callApplication(id, '/auth/signin', {
      key,
      body: { email, password: given },
      headers: { 'x-forwarded-for': `203.0.113.${n}`, 'x-client-address': `203.0.113.${n}`, 'x-authsome-key-type': 'secret' },
    });

  for (let n = 0; n < 5; n += 1) t.is((await signIn('not the password', n)).status, 401);
  const refused = await signIn(password, 5);
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get('retry-after')) >= 1);
  t.is((await signIn(password, 6, second)).status, 200);
});

test('forty right logins of an owner in a row all succeed', async (t) => {
  const call = (path: string, body: object): Promise<Response> =>
    fetch(`${platform.controlUrl}/control/v1/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  const email = `owner-${unique()}@example.com`;
  t.is((await call('signup', { name: 'Ada', email, password })).status, 201);
  for (let n = 0; n < 40; n += 1) t.is((await call('login', { email, password })).status, 200);
});
