import test from 'ava';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import { sendRaw, statuses } from '../proxy/send-raw.ts';

let api: TestControlApi;
let port: number;
test.before(async () => {
  api = await startControlApi();
  port = Number(new URL(api.url).port);
});
test.after.always(() => api.close());

test('garbage behind a request comes after its answer', async (t) => {
  const { token } = await signUpOwner(api.url);
  const request = `GET /control/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const received = await sendRaw(port, `${request}${request}garbage\r\n\r\n`);
  t.deepEqual(statuses(received), [200, 200, 400], received);
});

test('a body is not waited for where the caller has no token, and the connection ends', async (t) => {
  const startedAt = performance.now();
  const received = await sendRaw(port, 'POST /control/v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nbegun');
  t.deepEqual(statuses(received), [401]);
  t.regex(received, /connection: close/i);
  t.true(performance.now() - startedAt < 4_000);
});

test('more than 100 headers are refused with the reason, and every answer has the security headers', async (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`).join('');
  const received = await sendRaw(port, `GET /health HTTP/1.1\r\nHost: x\r\n${many}\r\n`);
  t.deepEqual(statuses(received), [431]);
  t.regex(received, /must be at most 100/);
  for (const path of ['/health', '/control/v1/auth/me', '/nowhere']) {
    const { headers } = await fetch(`${api.url}${path}`);
    t.is(headers.get('x-content-type-options'), 'nosniff');
    t.is(headers.get('cache-control'), 'no-store');
    t.is(headers.get('referrer-policy'), 'no-referrer');
  }
});
