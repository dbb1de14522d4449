import test from 'ava';
import type { AppError } from '../../../services/shared/errors.ts';
import { appErrors, renderError } from '../../../services/shared/errors.ts';

const renders = test.macro({
  title: (_title, error: AppError, status: number) => `${error.code} is rendered with ${status}`,
  exec(t, error: AppError, status: number, code: string) {
    const { status: rendered, body } = renderError(error, 'req_1');
    t.is(rendered, status);
    t.like(body.error, { code, requestId: 'req_1' });
    t.true(body.error.message.length > 0);
  },
});
test(renders, appErrors.invalidRequest({ field: 'a', reason: 'b' }), 400, 'invalid_request');
test(renders, appErrors.unauthorized(), 401, 'unauthorized');
test(renders, appErrors.forbidden(), 403, 'forbidden');
test(renders, appErrors.notFound(), 404, 'not_found');
test(renders, appErrors.conflict({ field: 'a', reason: 'b' }), 409, 'conflict');
test(renders, appErrors.rateLimited(1), 429, 'rate_limit_exceeded');
test(renders, appErrors.internal(new Error('x')), 500, 'internal_error');
test(renders, appErrors.unavailable('suspended'), 503, 'service_unavailable');

test('one problem is an object, more are listed after the first', (t) => {
  const [first, second] = [
    { field: 'a', reason: 'x' },
    { field: 'b', reason: 'y' },
  ] as const;
  t.deepEqual(renderError(appErrors.invalidRequest([first]), 'r').body.error.details, first);
  t.deepEqual(renderError(appErrors.invalidRequest([first, second]), 'r').body.error.details, { ...first, more: [second] });
});

test('a rate limit says when to come back, in whole seconds, in header and body', (t) => {
  const { headers, body } = renderError(appErrors.rateLimited(0.2), 'r');
  t.is(headers['Retry-After'], '1');
  t.is(body.error.retryAfter, 1);
});

test('a lack of credentials names the scheme', (t) => {
  t.is(renderError(appErrors.unauthorized(), 'r').headers['WWW-Authenticate'], 'Bearer');
});

test('what is not an AppError tells the caller nothing', (t) => {
  const leaky = Object.assign(new Error('password of postgres is hunter2'), { status: 418, details: { reason: 'hunter2' } });
  for (const thrown of [leaky, 'hunter2', undefined, null, { message: 'hunter2' }]) {
    const rendered = renderError(thrown, 'req_1');
    t.is(rendered.status, 500);
    t.false(JSON.stringify(rendered).includes('hunter2'));
  }
});

test('a cause is kept for the log and not rendered', (t) => {
  const cause = new Error('hunter2');
  const error = appErrors.internal(cause);
  t.is(error.cause, cause);
  t.false(JSON.stringify(renderError(error, 'r')).includes('hunter2'));
});
