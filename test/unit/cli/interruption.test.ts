import test from 'ava';
import { runScript } from '../../support/run-script.ts';

/** A command as the command line runs it, whose work says what happens to it. */
function command(action: string, { reader = false } = {}) {
  return runScript(
    `
    import { ${reader ? 'runReader' : 'runAction'} as run } from '@/cli/run-action.ts';
    import { spawn } from 'node:child_process';
    import { setTimeout as delay } from 'node:timers/promises';
    await run({ optsWithGlobals: () => ({}) }, async ({ interruption }) => { ${action} });
  `,
    // As under a terminal: a session of its own.
    { detached: true, env: { AUTHSOME_STATE_DIR: '/tmp/authsome-interruption' } },
  );
}

const guardedWork = `
  let stop;
  await interruption.guard({
    run: () => { console.log('working'); const timer = setInterval(() => {}, 1000); return new Promise((done) => { stop = () => { clearInterval(timer); setTimeout(done, 200); }; }); },
    stop: (signal) => { console.log('asked by ' + signal); if (GENTLE) stop(); },
    force: async () => console.log('forced'),
  });
  console.log('went on');
`;

test('the first Ctrl-C lets the step under way end, then stops with 130', async (t) => {
  const { child, line, ended } = command(guardedWork.replace('GENTLE', 'true'));
  t.is(await line(), 'working');
  child.kill('SIGINT');
  t.is(await line(), 'asked by SIGINT');
  t.is(await line(), '');
  const { code, stderr } = await ended;
  t.is(code, 130);
  t.regex(stderr, /Once more stops at once/);
});

test('the second Ctrl-C ends what does not end by itself', async (t) => {
  const { child, line, ended } = command(guardedWork.replace('GENTLE', 'false'));
  t.is(await line(), 'working');
  child.kill('SIGINT');
  t.is(await line(), 'asked by SIGINT');
  child.kill('SIGINT');
  t.is(await line(), 'forced');
  t.is((await ended).code, 130);
});

test('outside such a step Ctrl-C ends the command and the programs that it started, and says how to go on', async (t) => {
  const { child, line, ended } = command(`
    interruption.hint = 'To go on: ./authsome up';
    const sleeper = spawn('sleep', ['60']);
    console.log(sleeper.pid);
    await new Promise((done) => sleeper.once('exit', done));
  `);
  const sleeper = Number(await line());
  child.kill('SIGTERM');
  const { code, stderr } = await ended;
  t.is(code, 143);
  t.regex(stderr, /Stopped by SIGTERM. To go on: .\/authsome up/);
  t.throws(() => process.kill(sleeper, 0), { code: 'ESRCH' });
});

test('a command that changes something goes on to its end when nobody reads its output any more', async (t) => {
  const { child, ended } = command(`
    for (let count = 0; count < 20; count += 1) { process.stdout.write('line\\n'); console.log('line'); await delay(10); }
    console.error('came to its end');
  `);
  child.stdout?.destroy();
  const { code, stderr } = await ended;
  t.is(code, 0);
  t.regex(stderr, /came to its end/);
});

test('a command that only shows something ends quietly when nobody reads its output any more', async (t) => {
  const { child, ended } = command(`for (;;) { process.stdout.write('line\\n'); console.log('line'); await delay(10); }`, { reader: true });
  child.stdout?.destroy();
  t.deepEqual(await ended, { code: 0, signal: null, stderr: '' });
});
