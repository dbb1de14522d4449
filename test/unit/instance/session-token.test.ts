import test from 'ava';
import { readSessionToken } from '../../../services/instance/auth/session-token.ts';
import { AppError } from '../../../services/shared/errors.ts';

test('a session token is read from X-Session-Token', (t) => {
  const token = 'aB3'.repeat(10) + 'xy';
  t.is(readSessionToken({ 'x-session-token': token }), token);
});

for (const token of [undefined, '', 'short', 'a'.repeat(33), `${'a'.repeat(31)}.`, `${'a'.repeat(30)}\r\n`, ['a'.repeat(32)]]) {
  test(`${JSON.stringify(token)} is no session token`, (t) => {
    t.is(t.throws(() => readSessionToken({ 'x-session-token': token }), { instanceOf: AppError })?.status, 401);
  });
}
