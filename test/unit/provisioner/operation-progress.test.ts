import test from 'ava';
import { createOperationProgress } from '../../../services/provisioner/operation-progress.ts';

const at = (second: number) => new Date(Date.UTC(2025, 10, 1, 12, 0, second));
const iso = (second: number) => at(second).toISOString();
const start = () => createOperationProgress({ queuedAt: at(0), startedAt: at(2) });

test('the phases cover the time from the job to the end without a gap', (t) => {
  const progress = start();
  progress.enter('stack-up', at(2));
  progress.enter('store-outputs', at(7));
  t.deepEqual(progress.closedSnapshot(at(8)).phases, [
    { name: 'queued', startedAt: iso(0), endedAt: iso(2) },
    { name: 'stack-up', startedAt: iso(2), endedAt: iso(7) },
    { name: 'store-outputs', startedAt: iso(7), endedAt: iso(8) },
  ]);
});

test('the running phase has no end, and is the current one', (t) => {
  const progress = start();
  progress.enter('stack-up', at(2));
  t.is(progress.snapshot().phase, 'stack-up');
  t.is(progress.snapshot().phases.at(-1)?.endedAt, null);
});

test('naming the running phase again does not split it', (t) => {
  const progress = start();
  progress.enter('stack-up', at(2));
  progress.enter('stack-up', at(3));
  t.is(progress.snapshot().phases.length, 2);
});

test('a phase may follow the closed snapshot', (t) => {
  const progress = start();
  progress.enter('store-outputs', at(3));
  progress.closedSnapshot(at(4));
  progress.enter('publish-route', at(5));
  t.deepEqual(
    progress.closedSnapshot(at(6)).phases.map(({ name, endedAt }) => [name, endedAt]),
    [
      ['queued', iso(2)],
      ['store-outputs', iso(5)],
      ['publish-route', iso(6)],
    ],
  );
});

test('resources are counted by what happened to them', (t) => {
  const progress = start();
  progress.count('created', 'namespace');
  progress.count('created', 'redis');
  progress.count('same', 'instance');
  t.deepEqual(progress.snapshot().progress, { created: 2, updated: 0, deleted: 0, same: 1, lastResource: 'instance' });
});

test('a snapshot does not change afterwards', (t) => {
  const progress = start();
  const before = progress.snapshot();
  progress.enter('stack-up', at(2));
  progress.count('created', 'namespace');
  t.is(before.phases.length, 1);
  t.is(before.progress.created, 0);
});
