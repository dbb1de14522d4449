import { hostname } from 'node:os';
import test from 'ava';
import { judgeHolder, readStackLock, StackLockedError } from '../../../../cli/platform/stack-lock.ts';
import type { StackLockHolder } from '../../../../cli/platform/stack-lock.ts';
import { runScript } from '../../../support/run-script.ts';

const message = `the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///srv/.authsome/platform-state/.pulumi/locks/organization/authsome-cloud/local/a1.json: created by root@here (pid 4711) at 2026-02-03T04:05:06Z
  s3://state/.pulumi/locks/organization/authsome-cloud/local/b2.json?region=eu: created by ada@ada-laptop.local (pid 12) at 2026-02-03T04:05:07+01:00`;

const holder = (change: Partial<StackLockHolder> = {}): StackLockHolder => ({
  ...{ url: 'file:///lock.json', user: 'ada', host: hostname(), pid: process.pid, since: new Date().toISOString() },
  ...change,
});

test('the engine’s refusal says who holds the stack’s lock, with every kind of backend', (t) => {
  t.deepEqual(readStackLock(message), [
    {
      url: 'file:///srv/.authsome/platform-state/.pulumi/locks/organization/authsome-cloud/local/a1.json',
      ...{ user: 'root', host: 'here', pid: 4711, since: '2026-02-03T04:05:06Z' },
    },
    {
      url: 's3://state/.pulumi/locks/organization/authsome-cloud/local/b2.json?region=eu',
      ...{ user: 'ada', host: 'ada-laptop.local', pid: 12, since: '2026-02-03T04:05:07+01:00' },
    },
  ]);
  t.is(readStackLock('error: update failed'), undefined);
});

test('a holder whose process is gone is dead; one that runs is alive', async (t) => {
  const { child, ended } = runScript(`console.log('up'); setInterval(() => {}, 1000);`);
  t.is(await judgeHolder(holder({ pid: child.pid ?? 0 })), 'alive');
  child.kill('SIGKILL');
  await ended;
  t.is(await judgeHolder(holder({ pid: child.pid ?? 0 })), 'dead');
});

test('in a backend that machines share, a process that is not here is not proven dead: two machines may have one name', async (t) => {
  const { child, ended } = runScript('');
  await ended;
  t.is(await judgeHolder(holder({ url: 's3://state/lock.json', pid: child.pid ?? 0 })), 'unknown');
});

test('a process that has a dead holder’s number by now is not taken for it', async (t) => {
  t.is(await judgeHolder(holder({ since: '2020-01-01T00:00:00Z' })), 'dead');
});

test('of another machine’s holder nothing is known: it is named, and the lock is left alone', async (t) => {
  const elsewhere = holder({ host: 'ada-laptop.local', pid: 12, since: '2026-02-03T04:05:06Z' });
  t.is(await judgeHolder(elsewhere), 'unknown');
  const error = new StackLockedError('local', [{ holder: elsewhere, state: 'unknown' }]);
  t.false(error.isAbandoned);
  t.regex(error.message, /ada on ada-laptop.local \(pid 12\) since 2026-02-03T04:05:06Z.*pulumi cancel --yes --stack local/s);
});

test('a lock is abandoned only if every holder is proven dead', (t) => {
  const abandoned = (...states: ('dead' | 'alive' | 'unknown')[]) =>
    new StackLockedError(
      'local',
      states.map((state) => ({ holder: holder(), state })),
    ).isAbandoned;
  t.true(abandoned('dead'));
  t.true(abandoned('dead', 'dead'));
  t.false(abandoned('dead', 'alive'));
  t.false(abandoned('unknown'));
  t.false(abandoned());
});
