import { Writable } from 'node:stream';
import test from 'ava';
import { createLog } from '../../../services/shared/log.ts';
import { startTracing } from '../../../services/shared/tracing.ts';
import type { Tracing } from '../../../services/shared/tracing.ts';
import { freePort } from '../../support/free-port.ts';
import { startTraceCollector } from '../../support/start-trace-collector.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startInstance } from '../instance/start-instance.ts';
import type { TestInstance } from '../instance/start-instance.ts';
import { startProxy } from '../proxy/start-proxy.ts';

/** A log whose lines are kept. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(
        ...chunk
          .toString()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      );
      done();
    },
  });
  return { lines, log: createLog({ name: 'test', level: 'info' }, stream) };
}

const password = 'correct horse battery';

async function startAll(ratio = 1, untrustedCallers = true) {
  const collector = await startTraceCollector();
  const { lines, log } = keptLog();
  const config = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_TRACES_SAMPLER_ARG: ratio };
  const tracings: Tracing[] = [];
  const start = async (serviceName: string, untrusted: boolean): Promise<Tracing> => {
    const tracing = await startTracing({ serviceName, config, untrustedCallers: untrusted, log });
    tracings.push(tracing);
    return tracing;
  };
  const instance: TestInstance = await startInstance({ appId: 'app_traced12345', tracing: await start('instance', false), log });
  const proxy = await startProxy({ tracing: await start('proxy', untrustedCallers), log });
  const { appId, url, instanceToken } = instance;
  const { publicKey } = await proxy.addApp({ appId, url, instanceToken });
  return {
    collector,
    lines,
    signUp: (email: string, headers: Record<string, string> = {}) =>
      fetch(`${proxy.url}/v1/${appId}/auth/signup`, {
        method: 'POST',
        headers: { authorization: `Bearer ${publicKey}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ email, password }),
      }),
    flush: () => Promise.all(tracings.map((tracing) => tracing.shutDown())),
    stop: async () => {
      await proxy.stop();
      await instance.stop();
      await collector.stop();
    },
  };
}

test('a request is one trace from the proxy to each SQL statement, and its id is in the log lines of both', async (t) => {
  const world = await startAll();
  try {
    const answer = await world.signUp('traced@example.com');
    t.is(answer.status, 201);
    t.is(answer.headers.get('traceparent'), null);
    await world.flush();
    const { spans } = world.collector;
    const edge = spans.find(({ service, kind }) => service === 'proxy' && kind === 2);
    const call = spans.find(({ service, kind }) => service === 'proxy' && kind === 3);
    const served = spans.find(({ service, kind }) => service === 'instance' && kind === 2);
    const queries = spans.filter(({ service, kind }) => service === 'instance' && kind === 3);
    t.is(edge?.parentSpanId ?? '', '');
    t.is(call?.parentSpanId, edge?.spanId);
    t.is(served?.parentSpanId, call?.spanId);
    t.is(served?.name, 'POST /auth/signup');
    t.like(served?.attributes, { 'http.route': '/auth/signup', 'http.response.status_code': 201 });
    t.true(queries.some(({ attributes }) => /insert into "user"/.test(String(attributes['db.query.text']))));
    for (const query of queries) t.is(query.parentSpanId, served?.spanId);
    t.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [edge?.traceId ?? '']);
    const text = JSON.stringify(spans);
    for (const secret of ['traced@example.com', password, 'scrypt$']) t.false(text.includes(secret));

    const answered = await waitFor('both lines', () => {
      const found = world.lines.filter(({ msg }) => msg === 'Request answered');
      return found.length >= 2 && found;
    });
    for (const line of answered) t.is(line['traceId'], edge?.traceId);
  } finally {
    await world.stop();
  }
});

test("a caller's trace is continued, but whether it is recorded the proxy decides", async (t) => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const world = await startAll(0);
  try {
    await world.signUp('unsampled@example.com', { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await world.flush();
    t.deepEqual(world.collector.spans, []);
  } finally {
    await world.stop();
  }
  const recording = await startAll(1);
  try {
    await recording.signUp('sampled@example.com', { traceparent: `00-${traceId}-b7ad6b7169203331-00`, tracestate: 'vendor=1' });
    await recording.flush();
    t.true(recording.collector.spans.length > 3);
    t.true(recording.collector.spans.every((span) => span.traceId === traceId));
  } finally {
    await recording.stop();
  }
});

test('whatever is logged because of a request names its trace', async (t) => {
  const collector = await startTraceCollector();
  const { lines, log } = keptLog();
  const config = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_TRACES_SAMPLER_ARG: 1 };
  const tracing = await startTracing({ serviceName: 'proxy', config, log });
  const proxy = await startProxy({ tracing, log });
  try {
    const { appId, publicKey } = await proxy.addApp({ url: `http://127.0.0.1:${await freePort()}` });
    const answer = await fetch(`${proxy.url}/v1/${appId}/users`, { headers: { authorization: `Bearer ${publicKey}` } });
    t.is(answer.status, 503);
    await tracing.shutDown();
    const edge = collector.spans.find(({ kind }) => kind === 2);
    t.truthy(edge);
    for (const msg of ['Instance gave no answer', 'Request answered'])
      t.deepEqual(
        lines.filter((line) => line['msg'] === msg).map(({ traceId }) => traceId),
        [edge?.traceId],
        msg,
      );
  } finally {
    await proxy.stop();
    await collector.stop();
  }
});

test('a refusal is a span with its status, and a malformed traceparent begins a new trace', async (t) => {
  const world = await startAll();
  try {
    const answer = await world.signUp('not an address', { traceparent: 'nonsense' });
    t.is(answer.status, 400);
    await world.flush();
    const served = world.collector.spans.find(({ service, kind }) => service === 'instance' && kind === 2);
    t.like(served?.attributes, { 'http.response.status_code': 400 });
    t.not(served?.status, 2);
  } finally {
    await world.stop();
  }
});

test('a collector that is away costs no request, and is logged once', async (t) => {
  const world = await startAll();
  await world.collector.stop();
  try {
    for (let i = 0; i < 3; i += 1) t.is((await world.signUp(`away-${i}@example.com`)).status, 201);
    await t.notThrowsAsync(world.flush());
    const warnings = world.lines.filter(({ msg }) => msg === 'Traces can not be sent');
    t.is(warnings.length, 2, 'one for each process');
  } finally {
    await world.stop();
  }
});

test('without an endpoint nothing of OpenTelemetry is begun', async (t) => {
  const { log } = keptLog();
  const tracing = await startTracing({ serviceName: 'off', config: { OTEL_TRACES_SAMPLER_ARG: 1 }, log });
  t.is(tracing.onQuery, undefined);
  await tracing.serve({ method: 'GET', headers: {} }, (span) => Promise.resolve(t.is(span, undefined)));
  const headers = { a: 'b' };
  await tracing.call({ name: 'call', headers }, (carried) => Promise.resolve(t.is(carried, headers)));
});
