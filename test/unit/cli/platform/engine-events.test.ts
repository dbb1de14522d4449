import test from 'ava';
import { describeDrift } from '../../../../cli/platform/describe-drift.ts';
import { createEngineReader } from '../../../../cli/platform/engine-events.ts';

const urn = (type: string, name: string): string =>
  `urn:pulumi:local::authsome-cloud::authsome:platform:Workload$kubernetes:${type}::${name}`;
const proxy = urn('apps/v1:Deployment', 'proxy');
const service = urn('core/v1:Service', 'proxy');

function read(...events: object[]) {
  const said: string[] = [];
  const reader = createEngineReader((line) => void said.push(line));
  for (const event of events) reader.read(JSON.stringify(event));
  return { reader, said };
}
const step = (op: string, of: string) => ({ resourcePreEvent: { metadata: { op, urn: of, type: 'x' } } });
const refreshed = (of: string, before: object | undefined, after: object | undefined) => ({
  resOutputsEvent: {
    metadata: {
      ...{ op: 'refresh', urn: of, type: 'x' },
      old: before === undefined ? undefined : { inputs: before },
      new: after === undefined ? undefined : { inputs: after },
    },
  },
});

test('what was deleted behind the platform’s back is told as it is made again', (t) => {
  const { reader, said } = read(
    step('refresh', proxy),
    refreshed(proxy, { spec: { replicas: 1 } }, undefined),
    refreshed(service, { spec: { type: 'NodePort' } }, { spec: { type: 'NodePort' } }),
    step('create', proxy),
    step('same', service),
    { summaryEvent: { resourceChanges: { create: 1, same: 90 } } },
  );
  t.deepEqual(reader.drift(), { recreated: ['Deployment proxy'], putBack: [] });
  t.deepEqual(said, ['create Deployment proxy']);
  t.deepEqual(reader.changes(), { create: 1, same: 90 });
  t.deepEqual(describeDrift(reader.drift()), ["Deleted behind the platform's back, and made again: Deployment proxy."]);
});

test('what was changed is told with the names of its fields, never with their values', (t) => {
  const before = { spec: { replicas: 1, template: { spec: { image: 'a' } } }, stringData: { password: 'first' } };
  const after = { spec: { replicas: 0, template: { spec: { image: 'b' } } }, stringData: { password: 'second' } };
  const { reader } = read(refreshed(proxy, before, after), step('update', proxy));
  t.deepEqual(reader.drift().putBack, ['Deployment proxy (spec.replicas, spec.template.spec, stringData.password)']);
});

test('what a controller changes, or what a new program brings, is nobody’s drift', (t) => {
  const inputs = { spec: { replicas: 1 } };
  const { reader } = read(
    // Changed in the cluster to what the program wants: nothing is put back.
    refreshed(proxy, { spec: { replicas: 0 } }, inputs),
    step('same', proxy),
    // Changed by the program only.
    refreshed(service, inputs, inputs),
    step('update', service),
    step('create', urn('core/v1:ConfigMap', 'new')),
    { summaryEvent: { resourceChanges: { update: 1, create: 1, same: 1 } } },
  );
  t.deepEqual(reader.drift(), { recreated: [], putBack: [] });
  t.deepEqual(describeDrift(reader.drift()), []);
});

test('errors and operations without an end are found among the diagnostics, and lines that are no events are passed over', (t) => {
  const { reader } = read(
    {
      diagnosticEvent: {
        severity: 'warning',
        message: 'Attempting to deploy or update resources with 2 pending operations from previous deployment.',
      },
    },
    { diagnosticEvent: { severity: 'error', message: '<{%fg 1%}>no room<{%reset%}>' } },
  );
  reader.read('not JSON');
  reader.read('[1]');
  t.true(reader.pending());
  t.deepEqual(reader.errors(), ['no room']);
});
