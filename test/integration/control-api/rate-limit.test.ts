import test from 'ava';
import { guessPolicies } from '../../../services/shared/guard/guess-policies.ts';
import { freePort } from '../../support/free-port.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';

/** The real number of tries with a pause that no busy machine can wait out by accident. */
const policies = guessPolicies();
const patient = {
  ...policies,
  password: { ...policies.password, account_client: { ...policies.password.account_client, firstPauseMs: 60_000 } },
};

let api: TestControlApi;
test.before(async () => {
  api = await startControlApi({ guessPolicies: patient });
});
test.after.always(() => api?.close());

const login = (base: string, email = 'nobody@example.com', password = 'not the password') =>
  request(base, { method: 'POST', path: '/control/v1/auth/login', body: { email, password } });

test.serial('wrong passwords beyond five are refused with the time to wait, for a known account and an unknown one', async (t) => {
  const owner = await signUpOwner(api.url);
  for (const email of [owner.email, 'nobody@example.com']) {
    for (let i = 0; i < 5; i += 1) t.is((await login(api.url, email)).status, 401);
    const { status, headers, body } = await login(api.url, email);
    t.is(status, 429);
    t.is(body.error.code, 'rate_limit_exceeded');
    t.is(headers.get('retry-after'), String(body.error.retryAfter));
    t.true((body.error.retryAfter ?? 0) > 0 && (body.error.retryAfter ?? 99) <= 60);
  }
  t.is((await login(api.url, owner.email, owner.password)).status, 429);
});

test.serial('of many wrong passwords at once five are compared', async (t) => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => login(api.url, 'crowd@example.com')));
  t.is(answers.filter(({ status }) => status === 401).length, 5);
  t.is(answers.filter(({ status }) => status === 429).length, 15);
});

test.serial('logins with the right password are no guesses: forty in a minute, and other owners behind the same address', async (t) => {
  const [owner, neighbour] = [await signUpOwner(api.url), await signUpOwner(api.url)];
  for (let i = 0; i < 40; i += 1) t.is((await login(api.url, owner.email, owner.password)).status, 200);
  t.is((await login(api.url, neighbour.email, neighbour.password)).status, 200);
});

test.serial('logins to one account are bounded even with the right password', async (t) => {
  const other = await startControlApi({ loginsPerMinute: 2 });
  t.teardown(() => other.close());
  const [owner, neighbour] = [await signUpOwner(other.url), await signUpOwner(other.url)];
  for (let i = 0; i < 2; i += 1) t.is((await login(other.url, owner.email, owner.password)).status, 200);
  t.is((await login(other.url, owner.email, owner.password)).status, 429);
  t.is((await login(other.url, neighbour.email, neighbour.password)).status, 200);
});

test.serial('sign-ups from one address beyond the limit are refused', async (t) => {
  const other = await startControlApi({ authRequestsPerMinute: 1 });
  t.teardown(() => other.close());
  await signUpOwner(other.url);
  const body = { name: 'Ada', email: 'second@example.com', password: 'correct horse battery' };
  t.is((await request(other.url, { method: 'POST', path: '/control/v1/auth/signup', body })).status, 429);
});

test.serial('without Redis owners can still log in, and guesses are still counted', async (t) => {
  const other = await startControlApi({ guessPolicies: patient, redisUrl: `redis://127.0.0.1:${await freePort()}` });
  t.teardown(() => other.close());
  for (let i = 0; i < 5; i += 1) t.is((await login(other.url)).status, 401);
  t.is((await login(other.url)).status, 429);
  const owner = await signUpOwner(other.url);
  t.is((await login(other.url, owner.email, owner.password)).status, 200);
});
