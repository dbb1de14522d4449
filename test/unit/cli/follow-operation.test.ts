import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ControlApiError, ControlClient } from '../../../cli/control-client.ts';
import type { Operation } from '../../../cli/control-client.ts';
import { followOperation } from '../../../cli/watch/follow-operation.ts';

const operation: Operation = {
  ...{ id: 'job_1', kind: 'update', status: 'running', phase: 'stack', phases: [], error: null },
  ...{ createdAt: new Date(0).toISOString(), finishedAt: null, overdue: false, attempts: [] },
};

type Answer = (res: ServerResponse, req: IncomingMessage) => void;

const stream =
  (...events: { event: string; data: unknown; id?: string }[]): Answer =>
  (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const { event, data, id } of events)
      res.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    res.end();
  };
const resource = (name: string, id: string) => ({
  ...{ event: 'resource', id },
  data: { at: '', change: 'created', type: 'Secret', name, status: 'done' },
});
const refusal =
  (status: number, code: string): Answer =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ error: { code, message: 'no' } }));
  };
const breaks: Answer = (res) => void res.destroy();

/** Follows on a server that answers each connection in its turn, the last answer for ever. */
async function follow(t: ExecutionContext, answers: readonly Answer[]) {
  const asked: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(req.headers['last-event-id'] as string | undefined);
    answer?.(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const told: string[] = [];
  const result = followOperation({
    client: new ControlClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token'),
    ...{ applicationId: 'app_1', operationId: 'job_1', reconnectDelayMs: 1 },
    listener: {
      operation: ({ status }) => void told.push(status),
      phase: ({ name }) => void told.push(name),
      resource: ({ name }) => void told.push(name),
      interrupted: () => void told.push('interrupted'),
    },
  });
  return { asked, told, result };
}

const done = [
  { event: 'operation', data: { ...operation, status: 'succeeded' } },
  { event: 'end', data: { status: 'succeeded' } },
];

test('an operation is followed to its end', async (t) => {
  const { told, asked, result } = await follow(t, [stream({ event: 'operation', data: operation }, resource('a', 'op_1:1'), ...done)]);
  t.is((await result).status, 'succeeded');
  t.deepEqual(told, ['running', 'a', 'succeeded']);
  t.is(asked.length, 1);
});

test('where the stream ends before, or breaks, it goes on after the last event', async (t) => {
  const { told, asked, result } = await follow(t, [
    stream({ event: 'operation', data: operation }, resource('a', 'op_1:1')),
    breaks,
    refusal(503, 'service_unavailable'),
    refusal(429, 'rate_limit_exceeded'),
    stream(...done),
  ]);
  t.is((await result).status, 'succeeded');
  t.deepEqual(asked, [undefined, 'op_1:1', 'op_1:1', 'op_1:1', 'op_1:1']);
  t.is(told.filter((line) => line === 'interrupted').length, 4);
});

test('it gives up after a number of connections', async (t) => {
  const { asked, result } = await follow(t, [breaks]);
  await t.throwsAsync(result, { message: /was lost 20 times/ });
  t.is(asked.length, 20);
});

test('what the platform refuses is told at once', async (t) => {
  const { asked, result } = await follow(t, [refusal(403, 'forbidden')]);
  await t.throwsAsync(result, { instanceOf: ControlApiError, message: /403 forbidden/ });
  t.is(asked.length, 1);
});

test('where a destroyed application is gone before its end was told, that is its end', async (t) => {
  const { result } = await follow(t, [stream({ event: 'operation', data: { ...operation, kind: 'destroy' } }), refusal(404, 'not_found')]);
  t.is((await result).status, 'succeeded');
  const other = await follow(t, [stream({ event: 'operation', data: operation }), refusal(404, 'not_found')]);
  await t.throwsAsync(other.result, { message: /404 not_found/ });
});

test('events of kinds that are not known are passed over', async (t) => {
  const { told, result } = await follow(t, [stream({ event: 'weather', data: 'sunny' }, ...done)]);
  await result;
  t.deepEqual(told, ['succeeded']);
});
