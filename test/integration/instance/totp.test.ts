import test from 'ava';
import { sql } from 'kysely';
import { password, signUp, startInstance } from './start-instance.ts';
import type { Answer, TestInstance } from './start-instance.ts';
import { totpCode } from './totp-code.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance();
});
test.after.always(() => instance?.stop());

interface Enrolled {
  id: string;
  email: string;
  token: string;
  otpauthUri: string;
  backupCodes: string[];
}

/** A user with a second factor, whose present code is unused again. */
async function enrol(name: string): Promise<Enrolled> {
  const email = `${name}@totp.example`;
  const { id, token } = await signUp(instance, email);
  const { status, body } = await instance.call('/auth/totp/enrol', { body: { password }, session: token });
  if (status !== 200) throw new Error(`enrol answered ${status}`);
  const { otpauthUri, backupCodes } = body;
  const confirmed = await instance.call('/auth/totp/verify', { body: { code: totpCode(otpauthUri) }, session: token });
  if (confirmed.status !== 200) throw new Error(`verify answered ${confirmed.status}`);
  await sql`update "twoFactor" set "lastUsedStep" = null where "userId" = ${id}`.execute(instance.database);
  return { id, email, token, otpauthUri, backupCodes };
}

const signIn = (email: string): Promise<Answer> => instance.call('/auth/signin', { body: { email, password } });
const answerChallenge = (challengeToken: string, code: string): Promise<Answer> =>
  instance.call('/auth/totp/challenge', { body: { challengeToken, code } });

test('a second factor counts once a code of it was shown, and then ends the other sessions', async (t) => {
  const email = 'enrolling@totp.example';
  const { token } = await signUp(instance, email);
  const other = (await signIn(email)).body.session?.token;
  const { body } = await instance.call('/auth/totp/enrol', { body: { password, issuer: 'Web Shop' }, session: token });
  t.regex(body.otpauthUri, /^otpauth:\/\/totp\/Web%20Shop:enrolling%40totp\.example\?secret=[A-Z2-7]+&issuer=Web/);
  t.is(body.backupCodes.length, 10);
  t.truthy((await signIn(email)).body.session);

  t.is((await instance.call('/auth/totp/verify', { body: { code: '000000' }, session: token })).status, 401);
  t.is((await instance.call('/auth/totp/verify', { body: { code: body.backupCodes[0] }, session: token })).status, 401);
  const confirmed = await instance.call('/auth/totp/verify', { body: { code: totpCode(body.otpauthUri) }, session: token });
  t.is(confirmed.status, 200);
  t.true(confirmed.body.user.twoFactorEnabled);
  t.true((await instance.call('/auth/session', { session: token })).body.user.twoFactorEnabled);
  t.is((await instance.call('/auth/session', { session: other })).status, 401);
  const again = await instance.call('/auth/totp/enrol', { body: { password }, session: token });
  t.is(again.status, 409);
});

test('an issuer is shown by an authenticator as it was given, blanks and plus signs included', async (t) => {
  const { token } = await signUp(instance, 'plus+tag@totp.example');
  const issuer = 'My Shop + Söhne & Co';
  const { body } = await instance.call('/auth/totp/enrol', { body: { password, issuer }, session: token });
  const [label = '', query = ''] = body.otpauthUri.replace('otpauth://totp/', '').split('?');
  // As RFC 3986 reads it: a plus sign is a plus sign.
  const parameters = new Map(query.split('&').map((part) => part.split('=').map(decodeURIComponent) as [string, string]));
  t.is(parameters.get('issuer'), issuer);
  t.is(decodeURIComponent(label), `${issuer}:plus+tag@totp.example`);
});

test('an enrolment needs the password', async (t) => {
  const { token } = await signUp(instance, 'thief@totp.example');
  for (const body of [{}, { password: 'wrong password' }]) {
    t.is((await instance.call('/auth/totp/enrol', { body, session: token })).status, 401);
  }
});

test('who has a second factor gets a challenge and no session; the code of it signs in, which is announced', async (t) => {
  const { id, email, otpauthUri } = await enrol('challenged');
  const challenge = await signIn(email);
  t.is(challenge.status, 200);
  t.deepEqual(Object.keys(challenge.body), ['twoFactorRequired', 'challengeToken', 'expiresAt']);
  t.is(challenge.headers.get('x-authsome-event'), null);
  const { challengeToken, expiresAt } = challenge.body;
  t.true(Date.parse(expiresAt) > Date.now() + 500_000);
  t.is((await instance.call('/auth/session', { session: challengeToken })).status, 401);

  const code = totpCode(otpauthUri);
  const signedIn = await answerChallenge(challengeToken, code);
  t.is(signedIn.status, 200);
  t.is(signedIn.body.user.id, id);
  t.is(signedIn.headers.get('x-authsome-event'), `signin;user=${id}`);
  t.is((await instance.call('/auth/session', { session: signedIn.body.session?.token })).status, 200);
  t.is((await answerChallenge(challengeToken, code)).status, 401);
});

test('a code that was used is refused with another challenge', async (t) => {
  const { email, otpauthUri } = await enrol('replayed');
  const [first, second] = [(await signIn(email)).body.challengeToken, (await signIn(email)).body.challengeToken];
  const code = totpCode(otpauthUri);
  t.is((await answerChallenge(first, code)).status, 200);
  t.is((await answerChallenge(second, code)).status, 401);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, totpCode(otpauthUri, 1))).status, 200);
});

test('of many who use one code at once one gets in', async (t) => {
  const { email, otpauthUri } = await enrol('raced');
  const challenges = await Promise.all(Array.from({ length: 4 }, () => signIn(email)));
  const code = totpCode(otpauthUri);
  const answers = await Promise.all(challenges.map(({ body }) => answerChallenge(body.challengeToken, code)));
  t.is(answers.filter(({ status }) => status === 200).length, 1);
});

test('a backup code signs in, once', async (t) => {
  const { email, backupCodes } = await enrol('backup');
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, backupCodes[3] ?? '')).status, 200);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, backupCodes[3] ?? '')).status, 401);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, backupCodes[4] ?? '')).status, 200);
});

test('after five wrong codes a challenge is over, though the next code is right', async (t) => {
  const { email, otpauthUri } = await enrol('guessed');
  const { challengeToken } = (await signIn(email)).body;
  const guesses = await Promise.all(Array.from({ length: 5 }, () => answerChallenge(challengeToken, '000000')));
  t.true(guesses.every(({ status }) => status === 401));
  t.is((await answerChallenge(challengeToken, totpCode(otpauthUri))).status, 401);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, totpCode(otpauthUri))).status, 200);
});

test('after ten wrong codes in a row a client gets no answer for a while, and the user gets one elsewhere', async (t) => {
  const { email, otpauthUri } = await enrol('locked');
  for (let challenge = 0; challenge < 2; challenge += 1) {
    const { challengeToken } = (await signIn(email)).body;
    for (let i = 0; i < 5; i += 1) await answerChallenge(challengeToken, '000000');
  }
  const refused = await answerChallenge((await signIn(email)).body.challengeToken, totpCode(otpauthUri));
  t.is(refused.status, 429);
  t.true((refused.body.error.retryAfter ?? 0) > 800);
  const { challengeToken } = (await signIn(email)).body;
  const body = { challengeToken, code: totpCode(otpauthUri) };
  t.is((await instance.call('/auth/totp/challenge', { body, headers: { 'x-forwarded-for': '192.0.2.2' } })).status, 200);
});

test('where the memory of guesses is lost, a hundred wrong codes in a row still lock the second factor', async (t) => {
  const { id, email, otpauthUri } = await enrol('forgotten');
  await sql`update "twoFactor" set "failedVerificationCount" = 99 where "userId" = ${id}`.execute(instance.database);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, '000000')).status, 401);
  const refused = await answerChallenge((await signIn(email)).body.challengeToken, totpCode(otpauthUri));
  t.is(refused.status, 429);
  t.true((refused.body.error.retryAfter ?? 0) > 800);
  await sql`update "twoFactor" set "lockedUntil" = now() - interval '1 second' where "userId" = ${id}`.execute(instance.database);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, totpCode(otpauthUri))).status, 200);
});

test('an unknown or expired challenge gets the same 401 as a wrong code', async (t) => {
  const { id, email, otpauthUri } = await enrol('expired');
  const { challengeToken } = (await signIn(email)).body;
  const wrong = await answerChallenge(challengeToken, '000000');
  await sql`update "oneTimeToken" set "expiresAt" = now() - interval '1 second' where "userId" = ${id}`.execute(instance.database);
  for (const answer of [await answerChallenge(challengeToken, totpCode(otpauthUri)), await answerChallenge('a'.repeat(43), '000000')]) {
    t.is(answer.status, 401);
    t.deepEqual({ ...answer.body.error, requestId: '' }, { ...wrong.body.error, requestId: '' });
  }
});

test('a user who was banned after the password gets no session', async (t) => {
  const { id, email, otpauthUri } = await enrol('banned-between');
  const { challengeToken } = (await signIn(email)).body;
  await instance.call(`/users/${id}/ban`, { key: 'secret', body: {} });
  t.is((await answerChallenge(challengeToken, totpCode(otpauthUri))).status, 403);
});

test('a second factor is turned off with a code, not with a session alone', async (t) => {
  const { id, email, token, otpauthUri } = await enrol('disabled');
  const disable = (code: string) => instance.call('/auth/totp/disable', { body: { code }, session: token });
  t.is((await disable('000000')).status, 401);
  t.is((await disable(totpCode(otpauthUri))).status, 204);
  t.truthy((await signIn(email)).body.session);
  t.false((await instance.call('/auth/session', { session: token })).body.user.twoFactorEnabled);
  const { rows } = await sql`select 1 from "twoFactor" where "userId" = ${id}`.execute(instance.database);
  t.deepEqual(rows, []);
});

test('backup codes are renewed with a code, and the old ones are void', async (t) => {
  const { email, token, otpauthUri, backupCodes } = await enrol('renewed');
  const { status, body } = await instance.call('/auth/totp/backup-codes', { body: { code: totpCode(otpauthUri) }, session: token });
  t.is(status, 200);
  t.is(body.backupCodes.length, 10);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, backupCodes[0] ?? '')).status, 401);
  t.is((await answerChallenge((await signIn(email)).body.challengeToken, body.backupCodes[0] ?? '')).status, 200);
});

test('secret and backup codes are encrypted in the database', async (t) => {
  const { id, otpauthUri, backupCodes } = await enrol('encrypted');
  const { rows } = await sql<{ row: string }>`select f::text as row from "twoFactor" f where "userId" = ${id}`.execute(instance.database);
  const row = rows[0]?.row ?? '';
  const secret = new URL(otpauthUri).searchParams.get('secret') ?? '';
  for (const plain of [secret, ...backupCodes]) t.false(row.includes(plain));
});
