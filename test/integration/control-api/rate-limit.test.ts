import test from 'ava';
import { freePort } from '../../support/free-port.ts';
import { request } from '../../support/owner-client.ts';
import { startControlApi } from '../../support/control-api.ts';

const login = (base: string) =>
  request(base, { method: 'POST', path: '/control/v1/auth/login', body: { email: 'nobody@example.com', password: 'not the password' } });

test('logins beyond the limit are refused with the time to wait', async (t) => {
  const api = await startControlApi({ authRequestsPerMinute: 3 });
  t.teardown(() => api.close());
  for (let i = 0; i < 3; i += 1) t.is((await login(api.url)).status, 401);
  const { status, headers, body } = await login(api.url);
  t.is(status, 429);
  t.is(body.error.code, 'rate_limit_exceeded');
  t.is(headers.get('retry-after'), String(body.error.retryAfter));
  t.true((body.error.retryAfter ?? 0) > 0 && (body.error.retryAfter ?? 99) <= 60);
});

test('without Redis owners can still log in', async (t) => {
  const api = await startControlApi({ authRequestsPerMinute: 1, redisUrl: `redis://127.0.0.1:${await freePort()}` });
  t.teardown(() => api.close());
  for (let i = 0; i < 2; i += 1) t.is((await login(api.url)).status, 401);
});
