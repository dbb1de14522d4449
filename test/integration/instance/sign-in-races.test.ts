import test from 'ava';
import { sql } from 'kysely';
import { waitFor } from '../../support/wait-for.ts';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { startSmtpServer } from './start-smtp-server.ts';
import type { TestSmtpServer } from './start-smtp-server.ts';
import { totpCode } from './totp-code.ts';

let smtp: TestSmtpServer;
let instance: TestInstance;
/** Hashes of an import are compared when it says so. */
let compared: PromiseWithResolvers<void>;
let comparing: PromiseWithResolvers<void>;
test.before(async () => {
  smtp = await startSmtpServer();
  compared = Promise.withResolvers();
  comparing = Promise.withResolvers();
  const verifyBcrypt = async (): Promise<boolean> => {
    comparing.resolve();
    await compared.promise;
    return true;
  };
  instance = await startInstance({ mailer: smtp.mailer, verifyBcrypt });
});
test.after.always(async () => {
  await instance?.stop();
  await smtp?.stop();
});

const ownersPassword = 'password of the owner';

interface Person {
  id: string;
  email: string;
  token: string;
}

async function verified(name: string): Promise<Person> {
  const email = `${name}@races.example`;
  const { id, token } = await signUp(instance, email);
  await instance.call(`/users/${id}`, { key: 'secret', method: 'PATCH', body: { emailVerified: true } });
  return { id, email, token };
}

const signIn = (email: string): Promise<Answer> => instance.call('/auth/signin', { body: { email, password } });

/** @returns what sets the owner's password, with a token that was mailed before */
async function askForReset(email: string): Promise<() => Promise<void>> {
  const sent = smtp.mails.filter(({ to }) => to.includes(email)).length;
  await instance.call('/auth/password/forgot', { body: { email } });
  const { token } = await smtp.mailTo(email, sent + 1);
  return async () => {
    const { status } = await instance.call('/auth/password/reset', { body: { token, newPassword: ownersPassword } });
    if (status !== 204) throw new Error(`reset answered ${status}`);
  };
}

/** Begins `request` while a lock is held; lets it go on once it waits for the lock and `meanwhile` is done. */
async function whileHeld(
  lock: ReturnType<typeof sql>,
  { request, meanwhile }: { request: () => Promise<Answer>; meanwhile: () => Promise<unknown> },
): Promise<Answer> {
  let answered: Promise<Answer> | undefined;
  await instance.database.transaction().execute(async (transaction) => {
    await lock.execute(transaction);
    let isSettled = false;
    answered = request().finally(() => {
      isSettled = true;
    });
    await waitFor('a request that waits for the lock', async () => {
      if (isSettled) return true;
      const { rows } = await sql`select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(instance.database);
      return rows.length > 0;
    });
    await meanwhile();
  });
  if (!answered) throw new Error('Nothing was asked');
  return answered;
}

const userRow = (id: string) => sql`select 1 from "user" where id = ${id} for update`;

async function usable(answer: Answer): Promise<boolean> {
  const session = answer.body.session?.token;
  return session !== undefined && (await instance.call('/auth/session', { session })).status === 200;
}

test.serial('a sign-in with the old password that a reset overtakes gets no session', async (t) => {
  const { id, email } = await verified('overtaken');
  const reset = await askForReset(email);
  const answer = await whileHeld(userRow(id), { request: () => signIn(email), meanwhile: reset });
  t.false(await usable(answer));
  t.is(answer.status, 401);
});

test.serial('a sign-in whose old hash is renewed while the password is reset gets no session', async (t) => {
  const email = 'imported@races.example';
  const passwordHash = '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde';
  const imported = await instance.call('/users/import', { key: 'secret', body: { users: [{ email, passwordHash, emailVerified: true }] } });
  t.is(imported.body.results[0]?.status, 'created', JSON.stringify(imported.body));
  const reset = await askForReset(email);
  const answered = signIn(email);
  await comparing.promise;
  await reset();
  compared.resolve();
  const answer = await answered;
  t.false(await usable(answer));
  t.is(answer.status, 401);
});

test.serial('two sign-ins at once that both renew an old hash both get in', async (t) => {
  const { id, email } = await verified('twice');
  const passwordHash = '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde';
  await sql`update account set password = ${passwordHash} where "userId" = ${id}`.execute(instance.database);
  compared.resolve();
  const answers = await Promise.all([signIn(email), signIn(email), signIn(email)]);
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
});

test.serial('a second factor that is shown while the password is reset gives no session', async (t) => {
  const { id, email, token } = await verified('challenged');
  const { otpauthUri } = (await instance.call('/auth/totp/enrol', { body: { password }, session: token })).body;
  await instance.call('/auth/totp/verify', { body: { code: totpCode(otpauthUri) }, session: token });
  await sql`update "twoFactor" set "lastUsedStep" = null where "userId" = ${id}`.execute(instance.database);
  const { challengeToken } = (await signIn(email)).body;
  await smtp.mailTo(email);
  const answer = await whileHeld(userRow(id), {
    request: () => instance.call('/auth/totp/challenge', { body: { challengeToken, code: totpCode(otpauthUri) } }),
    meanwhile: await askForReset(email),
  });
  t.false(await usable(answer));
  t.is(answer.status, 401);
});

test.serial('a sign-in that the second factor overtakes gets a challenge instead of a session', async (t) => {
  const { id, email, token } = await verified('factored');
  const { otpauthUri } = (await instance.call('/auth/totp/enrol', { body: { password }, session: token })).body;
  const enabled = sql`update "user" set "twoFactorEnabled" = true where id = ${id}`;
  const answer = await whileHeld(enabled, { request: () => signIn(email), meanwhile: () => Promise.resolve() });
  t.truthy(otpauthUri);
  t.is(answer.body.session ?? null, null);
  t.truthy(answer.body.challengeToken);
});

test.serial('a change of the password that a reset overtakes answers 401 and leaves the owner’s password', async (t) => {
  const { id, token } = await verified('changed');
  const body = { currentPassword: password, newPassword: 'password of the thief' };
  const reset = sql`update account set password = 'the hash of the owner' where "userId" = ${id}`;
  const answer = await whileHeld(reset, {
    request: () => instance.call('/auth/password/change', { body, session: token }),
    meanwhile: () => Promise.resolve(),
  });
  t.is(answer.status, 401);
  const { rows } = await sql`select password from account where "userId" = ${id}`.execute(instance.database);
  t.deepEqual(rows, [{ password: 'the hash of the owner' }]);
});

test.serial('a change of the password by a session that ends meanwhile answers 401 and changes nothing', async (t) => {
  const { id, email, token } = await verified('ended');
  const body = { currentPassword: password, newPassword: 'password of the thief' };
  const answer = await whileHeld(sql`update account set "updatedAt" = now() where "userId" = ${id}`, {
    request: () => instance.call('/auth/password/change', { body, session: token }),
    meanwhile: () => instance.call('/auth/signout', { method: 'POST', session: token }),
  });
  t.is(answer.status, 401);
  t.is((await signIn(email)).status, 200);
});
