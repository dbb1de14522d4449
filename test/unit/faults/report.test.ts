import test from 'ava';
import { describeStep, rowCells, summarize } from '../../faults/report.ts';
import type { FaultResult } from '../../faults/run-faults.ts';

const result = (change: Partial<FaultResult>): FaultResult => ({
  ...{
    life: 1,
    operation: 'update',
    fault: { fault: 'worker', delayMs: 100 },
    struck: true,
    recoveryMs: 1_000,
    problems: [],
    attempts: [],
  },
  ...change,
});

test('a row sums up the runs of one fault in one operation', (t) => {
  const rows = summarize([
    result({ recoveryMs: 3_000 }),
    result({ recoveryMs: 1_000 }),
    result({ recoveryMs: 2_000 }),
    result({ recoveryMs: null, problems: ['a lock is left'] }),
    result({ struck: false }),
    result({ fault: undefined }),
    result({ operation: 'delete', recoveryMs: 500 }),
  ]);
  t.deepEqual(rows.map(rowCells), [
    ['worker', 'update', '4', '3', '1', '2.0 s', '3.0 s'],
    ['worker', 'delete', '1', '1', '0', '0.5 s', '0.5 s'],
  ]);
});

test('what was not recovered says so, with its problems', (t) => {
  t.regex(
    describeStep(result({ life: 4, recoveryMs: null, problems: ['a lock is left'] })),
    /^life 4, update, SIGKILL of worker .*NOT RECOVERED: a lock/,
  );
});
