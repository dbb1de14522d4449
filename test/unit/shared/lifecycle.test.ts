import test from 'ava';
import { execa } from 'execa';
import { waitFor } from '../../support/wait-for.ts';

const lifecycle = new URL('../../../services/shared/lifecycle.ts', import.meta.url).href;

/** Runs a small program as a process of its own, as signals and exit codes belong to a process. */
function run(body: string) {
  const program = `import { runMain, runTask } from '${lifecycle}';\n${body}`;
  return execa('node', ['--input-type=module', '--eval', program], { reject: false, all: true });
}

const server = `const keep = setInterval(() => {}, 1000);`;

/** Sends a signal once the program has said that it is ready. */
async function signalled(body: string, ...signals: NodeJS.Signals[]) {
  const child = run(body);
  let output = '';
  child.all.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (const signal of signals) {
    await waitFor('the program to be ready', () => output.includes('ready'));
    output = '';
    child.kill(signal);
  }
  return child;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} closes what was opened in reverse order and exits 0`, async (t) => {
    const { exitCode, all } = await signalled(
      `${server} runMain('test', async ({ onShutdown }) => {
        onShutdown('first', () => console.log('closed first'));
        onShutdown('second', async () => console.log('closed second'));
        console.log('ready');
      });`,
      signal,
    );
    t.is(exitCode, 0);
    t.regex(all, /closed second[^]*closed first/);
  });
}

test('a task that is told to stop before its end has not done it, and exits 1', async (t) => {
  const { exitCode, all } = await signalled(
    `${server} runTask('test', async ({ onShutdown, signal }) => {
      onShutdown('first', () => console.log('closed first'));
      console.log('ready');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });`,
    'SIGTERM',
  );
  t.is(exitCode, 1);
  t.true(all.includes('closed first'));
});

test('a close that fails does not keep the others from closing, and the exit is 1', async (t) => {
  const { exitCode, all } = await signalled(
    `${server} runMain('test', async ({ onShutdown }) => {
      onShutdown('first', () => console.log('closed first'));
      onShutdown('second', () => { throw new Error('stuck'); });
      console.log('ready');
    });`,
    'SIGTERM',
  );
  t.is(exitCode, 1);
  t.true(all.includes('closed first') && all.includes('stuck'));
});

test('a second signal does not wait', async (t) => {
  const { exitCode } = await signalled(
    `${server} runMain('test', async ({ onShutdown }) => {
      onShutdown('slow', () => { console.log('ready'); return new Promise(() => {}); });
      console.log('ready');
    });`,
    'SIGTERM',
    'SIGTERM',
  );
  t.is(exitCode, 1);
});

test('a start that fails closes what it had opened and exits 1', async (t) => {
  const { exitCode, all } = await run(`${server} runMain('test', async ({ onShutdown }) => {
    onShutdown('first', () => console.log('closed first'));
    throw new Error('no database');
  });`);
  t.is(exitCode, 1);
  t.true(all.includes('closed first') && all.includes('no database'));
});

for (const fault of [`setTimeout(() => { throw new Error('lost') }, 1)`, `setTimeout(() => void Promise.reject(new Error('lost')), 1)`]) {
  test(`an error nobody caught closes and exits 1: ${fault}`, async (t) => {
    const { exitCode, all } = await run(`${server} runMain('test', async ({ onShutdown }) => {
      onShutdown('first', () => console.log('closed first'));
      ${fault};
    });`);
    t.is(exitCode, 1);
    t.true(all.includes('closed first') && all.includes('lost'));
  });
}

test('a task exits 0 when it is done, even with something still open, and 1 when it fails', async (t) => {
  t.is((await run(`${server} runTask('test', async () => {});`)).exitCode, 0);
  t.is((await run(`runTask('test', async () => { throw new Error('x'); });`)).exitCode, 1);
});
