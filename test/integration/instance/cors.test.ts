import test from 'ava';
import { startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ allowedOrigins: ['https://shop.example.com'] });
});
test.after.always(() => instance?.stop());

const preflight = (origin: string): Record<string, string> => ({ origin, 'access-control-request-method': 'POST' });

test('a page of a listed origin may call', async (t) => {
  const asked = await instance.call('/auth/signup', { method: 'OPTIONS', headers: preflight('https://shop.example.com') });
  t.is(asked.status, 204);
  t.is(asked.headers.get('access-control-allow-origin'), 'https://shop.example.com');
  t.regex(asked.headers.get('access-control-allow-headers') ?? '', /X-Session-Token/);
  t.regex(asked.headers.get('access-control-allow-headers') ?? '', /Sentry-Trace, Baggage, Traceparent, Tracestate/);

  const called = await instance.call('/auth/session', { headers: { origin: 'https://shop.example.com' } });
  t.is(called.status, 401);
  t.is(called.headers.get('access-control-allow-origin'), 'https://shop.example.com');
  t.is(called.headers.get('access-control-allow-credentials'), null);
});

for (const origin of ['https://evil.example.com', 'http://shop.example.com', 'https://shop.example.com.evil.com', 'null']) {
  test(`a page of ${origin} may not`, async (t) => {
    const { headers } = await instance.call('/auth/signup', { method: 'OPTIONS', headers: preflight(origin) });
    t.is(headers.get('access-control-allow-origin'), null);
    t.is(headers.get('access-control-allow-methods'), null);
  });
}
