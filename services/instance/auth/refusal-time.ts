import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from './auth-database.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** How long a refused sign-in takes, whatever it was refused for. */
export interface RefusalTime {
  /**
   * Waits until a refusal has taken its time.
   *
   * @param startedAt of `performance.now()`, when the password began to be compared
   * @param hash it was compared with; undefined for an unknown user
   */
  waitSince(startedAt: number, hash: string | undefined): Promise<void>;
  /** Looks for new forms of hashes before the next refusal, as after an import. */
  searchAgain(): void;
}

interface RefusalTimeOptions {
  database: AuthDatabase;
  hasher: Pick<PasswordHasher, 'hash' | 'verify'>;
  /** Hashes that one refusal may take. */
  comparisons: number;
  log: Log;
}

/** Enough for a hash of today's form on a busy core. */
const shortestMs = 500;
/** A machine on which a hash takes longer than this can't hide it without making everyone wait. */
const longestMs = 5_000;
/** The same hash takes longer beside others. */
const margin = 1.25;
const stepMs = 100;
/** Forms are timed again after this time: a figure from a busy moment must not stay. At worst 2 % of a core, and only while sign-ins are refused. */
const timingIntervalMs = 60_000;
/** Forms are looked up again after this time, since other replicas import too. It reads all accounts. */
const searchIntervalMs = 15 * 60_000;
/** Of the hashes that are made here. */
const ownForm = 'own';
/** More forms than any import has; the rest are not looked for. */
const maxForms = 50;

/**
 * How long a hash takes depends on its form and cost, so the time alone would tell an imported or older account from an unknown address.
 * Every refusal therefore takes as long as the costliest hash that any user of this application has: one example of each form in the
 * database is timed once. Waiting costs no processor time, so an attacker gains nothing by it.
 */
export function createRefusalTime({ database, hasher, comparisons, log }: RefusalTimeOptions): RefusalTime {
  /** Form → a hash of it, and milliseconds. */
  const examples = new Map<string, string>();
  const times = new Map<string, number>();
  let searchedAt = Number.NEGATIVE_INFINITY;
  let timedAt = Number.NEGATIVE_INFINITY;
  let mustSearch = true;
  let working: Promise<void> | undefined;
  /** Whether what is being looked up may raise the figure, so that every refusal waits for it. */
  let isAwaited = false;

  const isDue = (since: number, intervalMs: number): boolean => performance.now() - since > intervalMs;

  async function time(form: string, work: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    await work();
    times.set(form, performance.now() - startedAt);
  }

  async function search(): Promise<void> {
    mustSearch = false;
    for (const hash of await findExamples(database)) examples.set(formOf(hash), hash);
    searchedAt = performance.now();
  }

  async function update(): Promise<void> {
    const isRound = isDue(timedAt, timingIntervalMs);
    try {
      if (mustSearch || isDue(searchedAt, searchIntervalMs)) await search();
      if (isRound) await time(ownForm, () => hasher.hash('an example'));
      for (const [form, hash] of examples)
        if (isRound || !times.has(form)) await time(form, () => hasher.verify({ hash, password: 'not the password' }));
      if (isRound) timedAt = performance.now();
    } catch (err) {
      mustSearch = true;
      log.warn({ err }, 'The forms of password hashes could not be timed');
    }
  }

  return {
    searchAgain: () => {
      mustSearch = true;
    },

    async waitSince(startedAt, hash) {
      if (hash !== undefined && !examples.has(formOf(hash))) mustSearch = true;
      // A round that only follows the machine's speed is not waited for.
      if (mustSearch) isAwaited = true;
      if (mustSearch || isDue(timedAt, timingIntervalMs)) {
        working ??= update().finally(() => {
          working = undefined;
          isAwaited = false;
        });
      }
      if (isAwaited) await working;
      // Only one of the comparisons can be with an imported hash.
      const costliestMs = Math.max(...times.values()) + (comparisons - 1) * (times.get(ownForm) ?? 0);
      const refusalMs = Math.min(longestMs, Math.max(shortestMs, Math.ceil((costliestMs * margin) / stepMs) * stepMs));
      await delay(Math.max(0, refusalMs - (performance.now() - startedAt)));
    },
  };
}

/** A hash without what differs from user to user. Equal to the expression in findExamples(). */
function formOf(hash: string): string {
  if (hash.startsWith('$2')) return hash.slice(0, 6);
  if (hash.includes('$')) return hash.replace(/\$[^$]*\$[^$]*$/, '');
  return hash.includes(':') ? ':' : hash.slice(0, 12);
}

/** One stored hash of each form. */
async function findExamples(database: AuthDatabase): Promise<string[]> {
  const { rows } = await sql<{ example: string }>`
    select min(password) as example from account where password is not null
    group by case
      when password like '$2%' then left(password, 6)
      when password like '%$%' then regexp_replace(password, '\\$[^$]*\\$[^$]*$', '')
      when password like '%:%' then ':'
      else left(password, 12) end
    limit ${maxForms}`.execute(database);
  return rows.map(({ example }) => example);
}
