import test from 'ava';
import { selectExpired } from '../../../services/backup/retention/select-expired.ts';
import type { KeptRun } from '../../../services/backup/retention/select-expired.ts';
import type { Dump } from '../../../services/backup/manifest.ts';

const now = new Date('2026-03-31T12:00:00Z');

/** A run of a day of March, with what could not be dumped; null: it has no manifest. */
function run(day: number, lacks: readonly string[] | null = [], tenants: readonly string[] = ['a', 'b']): KeptRun {
  const startedAt = new Date(Date.UTC(2026, 2, day, 2));
  if (lacks === null) return { id: String(day), startedAt, status: 'unfinished', manifest: null };
  const databases = ['control', 'state', ...tenants].map((name) => ({
    ...{ name, kind: name === 'control' || name === 'state' ? name : 'tenant', status: lacks.includes(name) ? 'failed' : 'succeeded' },
  })) as Dump[];
  return { id: String(day), startedAt, status: lacks.length === 0 ? 'succeeded' : 'failed', manifest: { databases } };
}

const expired = (runs: KeptRun[], keepDays = 2): string[] => selectExpired(runs, { keepDays, now }).map(({ id }) => id);

test("tenants' databases that are missing keep nothing from expiring", (t) => {
  t.deepEqual(expired([run(20, ['a']), run(21, ['a']), run(22, ['a']), run(23, ['a'])]), ['21', '20']);
});

test('without the control database or the state a run makes no other expire', (t) => {
  t.deepEqual(expired([run(20, ['state']), run(21, ['control']), run(22, null)]), []);
  t.deepEqual(expired([run(20), run(21, ['control']), run(22, ['state'])], 1), []);
});

test('the newest good dump of a database that exists stays, and of one that is gone does not', (t) => {
  t.deepEqual(expired([run(18), run(19), run(20, ['a']), run(21, ['a']), run(22, ['a'])]), ['20', '18']);
  t.deepEqual(expired([run(18), run(19), run(20, [], ['b']), run(21, [], ['b'])]), ['19', '18']);
});

test('runs that are kept for single databases are bounded', (t) => {
  const tenants = ['a', 'b', 'c', 'd'];
  const runs = [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], tenants, tenants].map((lacks, index) => run(10 + index, lacks, tenants));
  // 14 and 15 for their days, 13 and 12 for d and c.
  t.deepEqual(expired(runs), ['11', '10']);
});
