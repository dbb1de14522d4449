import test from 'ava';
import { password, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ emailVerificationRequired: true });
});
test.after.always(() => instance?.stop());

test('where addresses must be verified, sign-up starts no session and sign-in answers 403', async (t) => {
  const signedUp = await instance.call('/auth/signup', { body: { email: 'unverified@example.com', password } });
  t.is(signedUp.status, 201);
  t.is(signedUp.body.session, null);
  t.is(signedUp.headers.get('x-authsome-event'), null);
  const signedIn = await instance.call('/auth/signin', { body: { email: 'unverified@example.com', password } });
  t.is(signedIn.status, 403);
  t.deepEqual(signedIn.body.error.details, { reason: 'email_not_verified' });
});

test('where addresses must be verified, a sign-up does not tell whether an address is taken', async (t) => {
  const body = { email: 'taken@example.com', password, name: 'A' };
  const first = await instance.call('/auth/signup', { body });
  const second = await instance.call('/auth/signup', { body });
  t.is(second.status, 201);
  t.deepEqual(Object.keys(second.body.user), Object.keys(first.body.user));
  t.not(second.body.user.id, first.body.user.id);
  t.is(second.headers.get('x-authsome-event'), null);
});
