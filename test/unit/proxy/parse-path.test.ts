import test from 'ava';
import { isCustomerUrl, parsePath } from '../../../proxy/passes/parse-path.ts';
import { AppError } from '../../../services/shared/errors.ts';

const parsed = test.macro((t, url: string, path: string, upstreamUrl: string) => {
  t.deepEqual(parsePath(url), { appId: 'app_abc123', path, upstreamUrl });
});
test('the application and the instance’s path are told apart', parsed, '/v1/app_abc123/auth/signup', '/auth/signup', '/auth/signup');
test('the query is passed on as it came', parsed, '/v1/app_abc123/users?page=2&x=..//%2e', '/users', '/users?page=2&x=..//%2e');
test('no path is the root', parsed, '/v1/app_abc123', '/', '/');
test('no path with a query is the root', parsed, '/v1/app_abc123?x=1', '/', '/?x=1');
test('escapes that hide no syntax pass', parsed, '/v1/app_abc123/users/a%20b', '/users/a%20b', '/users/a%20b');
test('dots inside a name pass', parsed, '/v1/app_abc123/.well-known/a..b', '/.well-known/a..b', '/.well-known/a..b');

const refused = test.macro((t, path: string) => {
  const err = t.throws(() => parsePath(`/v1/app_abc123${path}`), { instanceOf: AppError });
  t.is(err?.code, 'invalid_request');
  t.is(err?.status, 400);
});
for (const path of [
  ...['/..', '/../app_other1/users', '/a/../b', '/a/./b', '/a/..;/b', '/.'],
  ...['/%2e%2e/x', '/%2E./x', '/.%2e/x', '/%252e%252e/x', '/a%2fb', '/a%5cb', '/a%00b', '/a%25252fb'],
  ...['//a', '/a//b', '/a\\b', '/a b', '/a#b', '/ä', '/a%', '/a%zz', '/a\tb', '/http:/b'],
]) {
  test(`the path ${JSON.stringify(path)} is refused`, refused, path);
}
test('what browsers send as it is in a query passes', parsed, '/v1/app_abc123/a?b=|{c}^d`?/', '/a', '/a?b=|{c}^d`?/');
for (const character of '|{}^`') test(`${character} in a path is refused`, refused, `/a${character}b`);
test('a backslash in the query is refused too', refused, '/a?b=\\');

for (const url of [
  '/v1/',
  '/v1/abc',
  '/v1/app_',
  '/v1/app_ABC123/x',
  '/v1/app_abc123x_y/x',
  '/v1//app_abc123/x',
  `/v1/app_${'a'.repeat(25)}/x`,
]) {
  test(`${url} names no application`, (t) => {
    t.is(t.throws(() => parsePath(url), { instanceOf: AppError })?.code, 'not_found');
  });
}

test('only /v1/ is the customers’', (t) => {
  t.true(isCustomerUrl('/v1/app_abc123'));
  for (const url of ['/metrics', '/v1', '/v2/app_abc123', 'http://x/v1/app_abc123', '*']) t.false(isCustomerUrl(url), url);
});
