import test from 'ava';
import { startTraceCollector } from '../../support/start-trace-collector.ts';
import { createWorld, waitFor } from './world.ts';
import type { World } from './world.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
let world: World;

test.before(async () => {
  world = await createWorld();
});
test.after.always(() => world.close());

test('every attempt at a job goes on with the trace of the request that wrote it, phase by phase, and its log lines name it', async (t) => {
  const collector = await startTraceCollector();
  t.teardown(() => collector.stop());
  const { appId, jobId } = await world.insertApplication({ script: ['fail', 'succeed'] });
  const traceParent = `00-${traceId}-b7ad6b7169203331-01`;
  await world.db.updateTable('jobs').set({ trace_parent: traceParent }).where('id', '=', jobId).execute();
  const worker = await world.startWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  await world.finished(jobId);
  const attempts = await waitFor(
    () => collector.spans.filter(({ name }) => name === 'operation provision'),
    (spans) => spans.length === 2,
    'both attempts',
  );
  t.deepEqual(
    attempts.map(({ service, attributes: { ['authsome.attempt']: attempt, ['authsome.outcome']: outcome, ...attributes } }) => [
      ...[service, attempt, outcome],
      ...[attributes['authsome.app_id'], attributes['authsome.kind'], attributes['authsome.generation']],
    ]),
    [
      ['authsome-provisioner', 1, 'retried', appId, 'provision', 1],
      ['authsome-provisioner', 2, 'succeeded', appId, 'provision', 1],
    ],
  );
  t.deepEqual(
    attempts.map(({ status }) => status === 2),
    [true, false],
  );
  t.true(collector.spans.every((span) => span.traceId === traceId));
  const last = attempts.at(-1);
  const phases = collector.spans.filter(({ parentSpanId }) => parentSpanId === last?.spanId).map(({ name }) => name);
  for (const phase of ['queued', 'store-outputs', 'publish-route']) t.true(phases.includes(phase), phases.join());

  const lines = worker.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => 'operationId' in line);
  for (const said of ['Operation started', 'Operation failed, it will be tried again', 'Operation succeeded'])
    t.true(
      lines.some(({ msg }) => msg === said),
      said,
    );
  for (const line of lines) t.is(line['traceId'], traceId, String(line['msg']));
});
