import test from 'ava';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ mode: 'saas' });
});
test.after.always(() => instance?.stop());

const admin = { key: 'secret' } as const;

// A Kelvin sign and a dotted I have ASCII letters as lower case in some languages; the others look like ASCII.
for (const email of [
  'ada＠example.com',
  'аda@example.com',
  'ad\u212a@example.com',
  'ad\u0130@example.com',
  'ada@exämple.com',
  'ada@example\uff0ecom',
  'é@example.com',
]) {
  test(`${email} is refused wherever an address is given, naming the field`, async (t) => {
    const { id, token } = await signUp(instance, `holder-${Buffer.from(email).toString('hex')}@example.com`);
    const organization = await instance.call('/organizations', { session: token, body: { name: 'Acme' } });
    const refuses = (answer: Answer, field = 'email'): void => {
      t.is(answer.status, 400);
      t.is(answer.body.error.details?.field, field);
    };
    for (const path of ['/auth/signup', '/auth/signin']) refuses(await instance.call(path, { body: { email, password } }));
    refuses(await instance.call('/auth/password/forgot', { body: { email } }));
    refuses(await instance.call('/auth/email/change', { session: token, body: { newEmail: email, password } }), 'newEmail');
    refuses(await instance.call('/users', { ...admin, body: { email } }));
    refuses(await instance.call(`/users/${id}`, { ...admin, method: 'PATCH', body: { email } }));
    refuses(await instance.call(`/organizations/${organization.body.id}/invitations`, { session: token, body: { email } }));
    const imported = await instance.call('/users/import', { ...admin, body: { users: [{ email }] } });
    t.like(imported.body.results[0], { status: 'invalid', problem: { field: 'email' } });
  });
}

test('an address is one whatever its case, in every way it can be given', async (t) => {
  const { id } = await signUp(instance, 'Mixed.Case+Tag@Example.COM');
  const email = 'mIXED.cASE+tAG@eXAMPLE.com';
  t.is((await instance.call(`/users/${id}`, admin)).body.email, 'mixed.case+tag@example.com');
  t.is((await instance.call('/auth/signin', { body: { email, password } })).body.user.id, id);
  t.is((await instance.call('/auth/signup', { body: { email, password } })).status, 409);
  t.is((await instance.call('/users', { ...admin, body: { email } })).status, 409);
  t.like((await instance.call('/users/import', { ...admin, body: { users: [{ email }] } })).body.results[0], {
    status: 'exists',
    userId: id,
  });
  const other = await signUp(instance, 'other-case@example.com');
  t.is((await instance.call(`/users/${other.id}`, { ...admin, method: 'PATCH', body: { email } })).status, 409);
});
