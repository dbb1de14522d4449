import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';

test('an operation whose parent is gone ends in order: a closed output is no crash', async (t) => {
  const child = spawn(process.execPath, ['stacks/operation-child.ts'], {
    env: { ...process.env, PULUMI_BACKEND_URL: 'file:///nowhere', PULUMI_CONFIG_PASSPHRASE: 'passphrase', PULUMI_HOME: '/nowhere' },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.destroy();
  child.stdin.end('no request\n');
  t.deepEqual(await once(child, 'close'), [1, null]);
  t.is(stderr, '');
});
