import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CheckoutBusyError, withCheckoutLock } from '../../../cli/checkout-lock.ts';
import type { CliContext } from '../../../cli/context.ts';
import { runScript } from '../../support/run-script.ts';

function checkout(t: ExecutionContext): Pick<CliContext, 'paths'> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'authsome-lock-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  return { paths: { stateDir } as CliContext['paths'] };
}

/** Another command, which holds the lock until it is killed. */
async function holder(context: Pick<CliContext, 'paths'>) {
  const script = runScript(`
    import { withCheckoutLock } from '@/cli/checkout-lock.ts';
    await withCheckoutLock(${JSON.stringify(context)}, './authsome up', () => { console.log('held'); return new Promise((done) => setTimeout(done, 60_000)); });
  `);
  await script.line();
  return script;
}

test('a command that changes the platform is refused while another one does, by its name, process and start', async (t) => {
  const context = checkout(t);
  const { child, ended } = await holder(context);
  const error = await t.throwsAsync(
    withCheckoutLock(context, './authsome down', () => Promise.resolve('done')),
    {
      instanceOf: CheckoutBusyError,
    },
  );
  t.regex(error.message, new RegExp(`^\`./authsome up\` \\(pid ${child.pid} on .+, since .+Z\\) is changing .* Nothing was changed`));
  child.kill('SIGKILL');
  await ended;
});

test('a command that was killed is in nobody’s way: the next one is told what was left unfinished', async (t) => {
  const context = checkout(t);
  const { child, ended } = await holder(context);
  child.kill('SIGKILL');
  await ended;
  const unfinished = await withCheckoutLock(context, './authsome up', (lock) => Promise.resolve(lock.unfinished));
  t.like(unfinished, { command: './authsome up', pid: child.pid });
  t.is(await withCheckoutLock(context, './authsome up', (lock) => Promise.resolve(lock.unfinished?.command)), undefined);
});

test('of many that take over from a dead one at once, one at a time works', async (t) => {
  const context = checkout(t);
  const { child, ended } = await holder(context);
  child.kill('SIGKILL');
  await ended;
  let working = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      withCheckoutLock(context, './authsome up', async () => {
        working += 1;
        t.is(working, 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        working -= 1;
      }),
    ),
  );
  t.true(outcomes.some(({ status }) => status === 'fulfilled'));
});

test('what fails gives the lock back', async (t) => {
  const context = checkout(t);
  await t.throwsAsync(
    withCheckoutLock(context, './authsome up', () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.is(await withCheckoutLock(context, './authsome up', ({ unfinished }) => Promise.resolve(unfinished?.command)), undefined);
});
