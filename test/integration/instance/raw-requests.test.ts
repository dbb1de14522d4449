import test from 'ava';
import { sendRaw, statuses } from '../proxy/send-raw.ts';
import { startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
let port: number;
let head: string;
test.before(async () => {
  instance = await startInstance();
  port = Number(new URL(instance.url).port);
  head = `Host: x\r\nX-AuthSome-Instance-Token: ${instance.instanceToken}\r\nX-AuthSome-App-ID: ${instance.appId}\r\nX-AuthSome-Key-Type: public\r\n`;
});
test.after.always(() => instance?.stop());

test('garbage behind a request comes after its answer', async (t) => {
  const received = await sendRaw(port, `GET /auth/jwks HTTP/1.1\r\n${head}\r\nGET /auth/session HTTP/1.1\r\n${head}\r\ngarbage\r\n\r\n`);
  t.deepEqual(statuses(received), [200, 401, 400], received);
});

test('a body is not waited for where the proxy’s token is missing, or where it is too large, and the connection ends', async (t) => {
  const json = 'Content-Type: application/json\r\n';
  for (const [headers, status] of [
    [`Host: x\r\n${json}Content-Length: 1000\r\n`, 401],
    [`${head}${json}Content-Length: 100000\r\n`, 413],
  ] as const) {
    const received = await sendRaw(port, `POST /auth/signin HTTP/1.1\r\n${headers}\r\n{`);
    t.deepEqual(statuses(received), [status], received);
    t.regex(received, /connection: close/i);
  }
});

test('more than 100 headers are refused with the reason', async (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`).join('');
  const received = await sendRaw(port, `GET /health HTTP/1.1\r\nHost: x\r\n${many}\r\n`);
  t.deepEqual(statuses(received), [431]);
});
