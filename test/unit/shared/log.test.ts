import test from 'ava';
import { createLog } from '../../../services/shared/log.ts';
import { runInTrace } from '../../../services/shared/trace-context.ts';

function lineOf(fields: object, bindings: object = {}): string {
  const lines: string[] = [];
  const log = createLog({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  log.child(bindings).info(fields, 'Something happened');
  return lines.join('');
}

const hides = test.macro({
  title: (what) => `a log line hides ${what ?? ''}`,
  exec(t, fields: object) {
    const line = lineOf(fields);
    t.false(line.includes('hunter2'), line);
    t.true(line.includes('[redacted]'), line);
  },
});

for (const name of [
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'password',
  'newPassword',
  'token',
  'instanceToken',
  'access_token',
  'secret',
  'clientSecret',
  'key',
  'secretKey',
  'apiKey',
  'api_key',
  'ENCRYPTION_KEY',
  'passphrase',
]) {
  test(`a field named ${name}`, hides, { [name]: 'hunter2' });
}
test('a secret deep in an object', hides, { request: { headers: [{ authorization: 'hunter2' }] } });
test('an object under a secret name', hides, { secret: { value: 'hunter2' } });
test('the password in a connection URL', hides, { url: 'postgres://user:hunter2@host/db' });
test('an API key in a text', hides, { path: '/v1?key=sk_live_hunter2' });
test('the password in the message of an error', hides, { err: new Error('connect redis://:hunter2@host failed') });
test("a secret in an error's cause", hides, { err: new Error('x', { cause: new Error('postgres://u:hunter2@h') }) });

test('a log line hides what drivers hang on their errors', (t) => {
  const err = Object.assign(new Error('WRONGPASS'), {
    code: 'ERR',
    command: { name: 'auth', args: ['hunter2'] },
    detail: 'Key (email)=(hunter2)',
  });
  const line = lineOf({ err });
  t.false(line.includes('hunter2'));
  t.like(JSON.parse(line), { err: { message: 'WRONGPASS', code: 'ERR' } });
});

test('a log line hides secrets that are bound to the log', (t) => {
  t.false(lineOf({}, { token: 'hunter2' }).includes('hunter2'));
});

test('facts that only sound like secrets are shown', (t) => {
  const fields = { keyId: 'key_1', fencingToken: 7, keys: 3, monkey: 'george', tokens: null };
  t.like(JSON.parse(lineOf(fields)), { keyId: 'key_1', fencingToken: 7, keys: 3, tokens: null });
});

test('a line is JSON with time, level, name and message', (t) => {
  const line = JSON.parse(lineOf({ appId: 'app_1' })) as { time: string };
  t.like(line, { level: 'info', name: 'test', msg: 'Something happened', appId: 'app_1' });
  t.is(new Date(line.time).toISOString(), line.time);
});

test('an object that refers to itself does not break the log', (t) => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  t.true(lineOf({ loop }).includes('[deep]'));
});

test('a line names the trace that it is written in, and none outside of one', async (t) => {
  const within = await runInTrace({ traceId: 'abc', traceParent: '' }, async () => {
    await Promise.resolve();
    return lineOf({ fact: 1 }, { requestId: 'req_1' });
  });
  t.like(JSON.parse(within), { traceId: 'abc', requestId: 'req_1', fact: 1 });
  t.false('traceId' in (JSON.parse(lineOf({ fact: 1 })) as object));
});

test('a path is cut, and so is any other text beyond reason; a secret at the cut is hidden', (t) => {
  const long = `/${'a'.repeat(16_000)}`;
  const { path, detail } = JSON.parse(lineOf({ path: long, detail: long.repeat(2) })) as { path: string; detail: string };
  t.is(path, `/${'a'.repeat(255)}… (16001 characters)`);
  t.true(detail.length < 16_500);
  t.false(lineOf({ path: `/${'a'.repeat(240)} redis://:hunter2@host` }).includes('hunter2'));
  t.true(lineOf({ path: `/${'a'.repeat(254)}🦉` }).includes('\\ufffd') || lineOf({ path: `/${'a'.repeat(254)}🦉` }).includes('\ufffd'));
});
