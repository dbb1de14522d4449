import test from 'ava';
import type { ExecutionContext } from 'ava';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { runAsLeader } from '../../../services/shared/leader.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { waitFor } from '../../support/wait-for.ts';

const log = createLog({ name: 'test', level: 'silent' });
const never = 1_000_000;

let database: TestDatabase;
test.before(async () => {
  database = await createTestDatabase();
});
test.after.always(() => database.drop());

interface Candidate {
  leads: boolean;
  /** How often it has begun to lead. */
  terms: number;
  stop(): Promise<void>;
}

/** A process that wants to lead, until the test ends. */
function candidate(t: ExecutionContext, name: string, lead?: (signal: AbortSignal) => Promise<void>): Candidate {
  const stopping = new AbortController();
  const state: Candidate = {
    leads: false,
    terms: 0,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
  const running = runAsLeader(
    { url: database.url, name, log, intervalMs: 30 },
    async (signal) => {
      state.leads = true;
      state.terms += 1;
      try {
        await (lead ?? untilAborted)(signal);
      } finally {
        state.leads = false;
      }
    },
    stopping.signal,
  );
  t.teardown(() => state.stop());
  return state;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await delay(never, undefined, { signal }).catch(() => undefined);
}

const terminate = (name: string) =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${`authsome-leader-${name}`}`.execute(database.db);

test('of several processes one leads', async (t) => {
  const candidates = [1, 2, 3].map(() => candidate(t, 'one'));
  await waitFor('a leader', () => candidates.some(({ leads }) => leads));
  for (let look = 0; look < 10; look += 1) {
    t.is(candidates.filter(({ leads }) => leads).length, 1);
    await delay(30);
  }
});

test('leaders with different names do not know one another', async (t) => {
  const candidates = ['left', 'right'].map((name) => candidate(t, name));
  await waitFor('both leaders', () => candidates.every(({ leads }) => leads));
  t.pass();
});

test('a leader that ends is replaced', async (t) => {
  const first = candidate(t, 'ends');
  await waitFor('the first', () => first.leads);
  const second = candidate(t, 'ends');
  await first.stop();
  t.false(first.leads);
  await waitFor('the second', () => second.leads);
  t.pass();
});

test('a leader whose connection is cut stops, and somebody leads again', async (t) => {
  const candidates = [candidate(t, 'cut'), candidate(t, 'cut')];
  const terms = () => candidates.reduce((sum, { terms: own }) => sum + own, 0);
  const first = await waitFor('a leader', () => candidates.find(({ leads }) => leads));
  for (let round = 1; round <= 3; round += 1) {
    await terminate('cut');
    await waitFor('the next term', () => terms() > round && candidates.some(({ leads }) => leads));
    t.true(candidates.filter(({ leads }) => leads).length <= 1);
  }
  t.true(first.terms >= 1);
});

const givesUp = test.macro({
  title: (what) => `a leader whose work ${what ?? ''} gives the leadership up, and it is sought again`,
  async exec(t, lead: () => Promise<void>) {
    const name = t.title;
    const working = candidate(t, name, lead);
    await waitFor('a second term', () => working.terms >= 2);
    await working.stop();
    const other = candidate(t, name);
    await waitFor('the other', () => other.leads);
    t.pass();
  },
});
test('returns', givesUp, () => Promise.resolve());
test('fails at once', givesUp, () => Promise.reject(new Error('fault of the work')));
test('fails later', givesUp, async () => {
  await delay(50);
  throw new Error('fault of the work');
});

test('a process that can not reach the database goes on seeking, and stops when it is told to', async (t) => {
  const stopping = new AbortController();
  let led = false;
  const running = runAsLeader(
    { url: 'postgres://u:p@127.0.0.1:1/d', name: 'away', log, intervalMs: 10 },
    () => {
      led = true;
      return Promise.resolve();
    },
    stopping.signal,
  );
  await delay(100);
  stopping.abort();
  await running;
  t.false(led);
});
