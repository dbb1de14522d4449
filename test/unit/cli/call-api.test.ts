import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { z } from 'zod';
import { callApi } from '../../../cli/call-api.ts';

async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/control/v1/workspaces`;
}

const page = '<html><body>502 Bad Gateway</body></html>';
const schema = z.object({ id: z.string() });

for (const [what, status, body] of [
  ['a gateway’s page', 502, page],
  ['JSON of another program', 404, '{"detail":"Not Found"}'],
  ['an empty refusal', 503, ''],
] as const)
  test(`${what} is not taken for an answer of the control API: the error says who answered, and how`, async (t) => {
    const url = await serve(t, (_req, res) => void res.writeHead(status).end(body));
    const error = await t.throwsAsync(callApi({ method: 'GET', url }, schema));
    t.is(error.message, `GET ${url}: ${status}, not from the control API`);
    t.like(error, { code: 'not_the_control_api', status });
  });

test('a page is no answer even to a call that expects none', async (t) => {
  const url = await serve(t, (_req, res) => void res.writeHead(200).end(page));
  await t.throwsAsync(callApi({ method: 'DELETE', url }, z.undefined()), { message: `DELETE ${url}: 200, not from the control API` });
});

test('an answer of another version names the fields that are not as expected', async (t) => {
  const url = await serve(t, (_req, res) => void res.writeHead(200).end('{"id":1}'));
  await t.throwsAsync(callApi({ method: 'GET', url }, schema), { message: /200, not as this version .* expects it \(id\)$/ });
});

test('a refusal of the control API keeps its code and status', async (t) => {
  const url = await serve(t, (_req, res) => void res.writeHead(409).end('{"error":{"code":"conflict","message":"is deleted"}}'));
  const error = await t.throwsAsync(callApi({ method: 'POST', url }, schema));
  t.like(error, { code: 'conflict', status: 409 });
});

test('an API that is not there is named with its URL and the reason', async (t) => {
  const url = 'http://127.0.0.1:9/control/v1/workspaces';
  const error = await t.throwsAsync(callApi({ method: 'GET', url }, schema));
  t.regex(error.message, /^GET http:\/\/127\.0\.0\.1:9\/control\/v1\/workspaces: no answer \(.+\)$/);
  t.like(error, { code: 'unreachable' });
});
