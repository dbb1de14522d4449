import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { password, signUp, startInstance } from './start-instance.ts';

/** What bcrypt takes here: a fixed time, so that other work on the machine does not matter. */
const bcryptMs = 1_000;
const passwordHash = `$2b$14$${'a'.repeat(53)}`;

test('a refusal takes as long for an unknown address and for a cheap hash as for the costliest one that was imported', async (t) => {
  const verifyBcrypt = () => delay(bcryptMs).then(() => false);
  const instance = await startInstance({ verifyBcrypt });
  t.teardown(() => instance.stop());
  const refuse = async (email: string): Promise<number> => {
    const startedAt = performance.now();
    const { status } = await instance.call('/auth/signin', { body: { email, password: 'wrong password' } });
    t.is(status, 401);
    return performance.now() - startedAt;
  };

  await signUp(instance, 'cheap@refusal.example');
  t.true((await refuse('cheap@refusal.example')) < bcryptMs);
  await instance.call('/users/import', { key: 'secret', body: { users: [{ email: 'costly@refusal.example', passwordHash }] } });
  await refuse('first@refusal.example');

  const times: Record<string, number> = {};
  for (const name of ['unknown', 'costly', 'cheap']) times[name] = Math.round(await refuse(`${name}@refusal.example`));
  t.log(times);
  t.true(Math.min(...Object.values(times)) >= bcryptMs * 1.25);
  t.true(Math.max(...Object.values(times)) - Math.min(...Object.values(times)) < 400);
  t.is((await instance.call('/auth/signin', { body: { email: 'cheap@refusal.example', password } })).status, 200);
});

test('another process’s import is found out at the first refusal by it', async (t) => {
  const instance = await startInstance({ verifyBcrypt: () => delay(bcryptMs).then(() => false) });
  t.teardown(() => instance.stop());
  const refuse = (email: string) => instance.call('/auth/signin', { body: { email, password: 'wrong password' } });
  const { id } = await signUp(instance, 'elsewhere@refusal.example');
  await refuse('unknown@refusal.example');
  await instance.database.updateTable('account').set({ password: passwordHash }).where('userId', '=', id).execute();
  await refuse('elsewhere@refusal.example');
  const startedAt = performance.now();
  await refuse('unknown@refusal.example');
  t.true(performance.now() - startedAt >= bcryptMs * 1.25);
});
