import test from 'ava';
import { AppError } from '../../../../services/shared/errors.ts';
import { createGuessGuard } from '../../../../services/shared/guard/guess-guard.ts';
import type { Guess, GuessEnd } from '../../../../services/shared/guard/guess-guard.ts';
import { createMemoryGuessStore } from '../../../../services/shared/guard/memory-guess-store.ts';

const guess: Guess = { kind: 'password', account: 'ada@example.com', client: '192.0.2.1' };
const minutes = (count: number): number => count * 60_000;

/** A guard whose time moves on command. */
function startGuard() {
  let time = 1_700_000_000_000;
  const ends: GuessEnd[] = [];
  const guard = createGuessGuard({
    store: createMemoryGuessStore(),
    secret: 'a secret',
    now: () => time,
    delay: () => new Promise((resolve) => setImmediate(resolve)),
    onEnd: (_kind, end) => ends.push(end),
  });
  /** 401, 200, or for a refusal the seconds to wait. */
  const attempt = (isRight: boolean, more: Partial<Guess> = {}): Promise<number> =>
    guard
      .attempt({ ...guess, ...more }, () => Promise.resolve(isRight || undefined))
      .then(
        (right) => (right ? 200 : 401),
        (err: unknown) => (err instanceof AppError ? Number(err.headers['Retry-After']) : Promise.reject(err as Error)),
      );
  return { guard, attempt, ends, pass: (ms: number) => (time += ms) };
}

test('after five wrong guesses each pause is twice as long as the one before, to a quarter of an hour', async (t) => {
  const { attempt, pass } = startGuard();
  for (let n = 0; n < 5; n += 1) t.is(await attempt(false), 401);
  const pauses: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const seconds = await attempt(true);
    pauses.push(seconds);
    pass(seconds * 1_000);
    t.is(await attempt(false), 401);
  }
  t.deepEqual(pauses.slice(0, 10), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  t.true(Math.max(...pauses) <= 900);
});

test('during a pause a right guess is refused as a wrong one is', async (t) => {
  const { attempt } = startGuard();
  for (let n = 0; n < 5; n += 1) await attempt(false);
  t.is(await attempt(true), await attempt(false));
});

test('of many wrong guesses at once five are compared', async (t) => {
  const { attempt, ends } = startGuard();
  await Promise.all(Array.from({ length: 40 }, () => attempt(false)));
  t.is(ends.filter((end) => end === 'wrong').length, 5);
  t.is(ends.filter((end) => end === 'refused').length, 35);
});

test('many right guesses at once all succeed', async (t) => {
  const { attempt } = startGuard();
  const answers = await Promise.all(Array.from({ length: 100 }, () => attempt(true)));
  t.true(answers.every((answer) => answer === 200));
});

test('guesses for one account from everywhere are paused together, but never who has signed in from there', async (t) => {
  const { attempt } = startGuard();
  t.is(await attempt(true), 200);
  for (let n = 0; n < 30; n += 1) t.is(await attempt(false, { client: `198.51.100.${n}` }), 401);
  t.is(await attempt(true, { client: '198.51.100.99' }), 1);
  t.is(await attempt(true), 200);
  t.is(await attempt(true, { account: 'other@example.com', client: '198.51.100.99' }), 200);
});

test('guesses from one client for every account are paused together, and a right one does not forget them', async (t) => {
  const { attempt } = startGuard();
  for (let n = 0; n < 49; n += 1) t.is(await attempt(false, { account: `${n}@example.com` }), 401);
  t.is(await attempt(true), 200);
  t.is(await attempt(false, { account: '49@example.com' }), 401);
  t.is(await attempt(false, { account: '50@example.com' }), 1);
  t.is(await attempt(true), 200);
});

test('a right guess forgets the wrong ones of the same person only', async (t) => {
  const { attempt } = startGuard();
  for (let n = 0; n < 4; n += 1) await attempt(false);
  t.is(await attempt(true), 200);
  for (let n = 0; n < 4; n += 1) t.is(await attempt(false), 401);
  t.is(await attempt(false), 401);
  t.is(await attempt(true), 1);
});

test('wrong guesses are forgotten one by one', async (t) => {
  const { attempt, pass } = startGuard();
  for (let n = 0; n < 5; n += 1) await attempt(false);
  pass(minutes(16));
  t.is(await attempt(false), 401);
  t.is(await attempt(false), 1);
  pass(minutes(120));
  for (let n = 0; n < 5; n += 1) t.is(await attempt(false), 401);
});

test('a comparison that fails counts as nothing', async (t) => {
  const { guard, attempt } = startGuard();
  for (let n = 0; n < 20; n += 1) {
    const attempted = guard.attempt(guess, () => Promise.reject(new Error('the database is away')));
    await t.throwsAsync(attempted, { message: 'the database is away' });
  }
  t.is(await attempt(false), 401);
});

test('who proves otherwise that an account is theirs may try again at once', async (t) => {
  const { guard, attempt } = startGuard();
  for (let n = 0; n < 8; n += 1) await attempt(false);
  await guard.trust(guess);
  t.is(await attempt(true), 200);
});

test('an address in capitals is the same account', async (t) => {
  const { attempt } = startGuard();
  for (let n = 0; n < 5; n += 1) await attempt(false, { account: n % 2 === 0 ? 'Ada@Example.com' : 'ada@example.com' });
  t.is(await attempt(false), 1);
});

test('a guess of which neither account nor client is known is compared and not counted', async (t) => {
  const { attempt } = startGuard();
  for (let n = 0; n < 100; n += 1) t.is(await attempt(false, { account: null, client: null }), 401);
});

test('the memory of a process is bounded, and forgets the oldest', async (t) => {
  const store = createMemoryGuessStore({ maxEntries: 10 });
  const guard = createGuessGuard({ store, secret: 'a secret' });
  for (let n = 0; n < 5; n += 1) await guard.attempt({ ...guess, client: null }, () => Promise.resolve(undefined));
  for (let n = 0; n < 1_000; n += 1)
    await guard.attempt({ kind: 'password', account: `${n}@example.com`, client: null }, () => Promise.resolve(undefined));
  for (let n = 0; n < 30; n += 1) t.is(await guard.attempt({ ...guess, client: null }, () => Promise.resolve(undefined)), undefined);
});
