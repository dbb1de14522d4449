import test from 'ava';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { sql } from 'kysely';
import { signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

const issuer = 'https://api.authsome.cloud/v1/app_tokens1';
const appId = 'app_tokens1';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ publicUrl: issuer, appId });
});
test.after.always(() => instance?.stop());

const issue = (session: string) => instance.call('/auth/token', { method: 'POST', session });

/** As a customer's server does it, by the published keys alone. */
function remoteKeys() {
  const { instanceToken } = instance;
  return createRemoteJWKSet(new URL(`${instance.url}/auth/jwks`), {
    headers: { 'x-authsome-instance-token': instanceToken, 'x-authsome-app-id': appId, 'x-authsome-key-type': 'public' },
    cooldownDuration: 0,
  });
}
const verify = (token: string, audience = appId) => jwtVerify(token, remoteKeys(), { issuer, audience, algorithms: ['ES256'] });

test.serial('a session gets a short-lived token that verifies offline by the published keys', async (t) => {
  const { id, token: session } = await signUp(instance, 'jwt@example.com');
  const { status, body, headers } = await issue(session);
  t.is(status, 200);
  t.is(headers.get('cache-control'), 'no-store');
  const { payload } = await verify(body.token);
  t.like(payload, { sub: id, iss: issuer, aud: appId, email: 'jwt@example.com', email_verified: false, name: 'Ada' });
  t.regex(String(payload['sid']), /^ses_/);
  t.is((payload.exp ?? 0) - (payload.iat ?? 0), 600);
  t.is(body.expiresAt, new Date((payload.exp ?? 0) * 1_000).toISOString());
  t.false(JSON.stringify(payload).includes(session));
});

test.serial("a token is not taken for another application's, nor after a change of a letter", async (t) => {
  const { token: session } = await signUp(instance, 'audience@example.com');
  const { token } = (await issue(session)).body;
  await t.throwsAsync(verify(token, 'app_another1'), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const forged = Buffer.from(payload, 'base64url').toString().replace('audience@', 'Audience@');
  await t.throwsAsync(verify([header, Buffer.from(forged).toString('base64url'), signature].join('.')), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
});

test.serial('a token does not outlive its session', async (t) => {
  const brief = await startInstance({ sessionTimeoutSeconds: 300, publicUrl: issuer, appId });
  t.teardown(() => brief.stop());
  const { token } = await signUp(brief, 'brief@example.com');
  const { body } = await brief.call('/auth/token', { method: 'POST', session: token });
  t.true(Date.parse(body.expiresAt) <= Date.now() + 300_000);
});

test.serial('without a session there is no token', async (t) => {
  t.is((await instance.call('/auth/token', { method: 'POST', key: 'secret' })).status, 401);
});

test.serial('the published keys hold no private part, may be cached, and the stored ones are encrypted', async (t) => {
  const { body, headers } = await instance.call('/auth/jwks');
  t.is(headers.get('cache-control'), 'public, max-age=300');
  for (const key of body.keys) t.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const { rows } = await sql<{ privateKey: string }>`select "privateKey" from jwks`.execute(instance.database);
  t.true(rows.length > 0);
  for (const { privateKey } of rows) t.notRegex(privateKey, /kty|"d"/);
});

test.serial('an expired key signs nothing more, its tokens verify for a day, and then it is no longer published', async (t) => {
  const { token: session } = await signUp(instance, 'rotation@example.com');
  const before = (await issue(session)).body.token;
  await sql`update jwks set "expiresAt" = now() - interval '1 second'`.execute(instance.database);
  const after = (await issue(session)).body.token;
  t.not(decodeProtectedHeader(before).kid, decodeProtectedHeader(after).kid);
  await t.notThrowsAsync(verify(before));
  await t.notThrowsAsync(verify(after));
  await sql`update jwks set "expiresAt" = now() - interval '25 hours' where id = ${decodeProtectedHeader(before).kid}`.execute(
    instance.database,
  );
  await t.throwsAsync(verify(before), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await t.notThrowsAsync(verify(after));
});
