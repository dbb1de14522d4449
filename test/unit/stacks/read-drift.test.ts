import { DiffKind } from '@pulumi/pulumi/automation/index.js';
import type { EngineEvent, OpType, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';
import test from 'ava';
import { createDriftReader, madeBehindItsBack } from '../../../stacks/read-drift.ts';

const type = 'kubernetes:apps/v1:Deployment';
const urn = (name: string): string => `urn:pulumi:app-x::authsome-tenant::authsome:tenant:Instance$${type}::${name}`;

function step(op: OpType, rest: Partial<StepEventMetadata> = {}, planning = true): EngineEvent {
  return { sequence: 1, timestamp: 1, resourcePreEvent: { planning, metadata: { op, urn: urn('api'), type, provider: 'p', ...rest } } };
}

function read(...events: EngineEvent[]) {
  const reader = createDriftReader();
  events.forEach(reader.onEvent);
  return reader.changes();
}

test('a changed field is told by its path, and its value is not', (t) => {
  const metadata = {
    detailedDiff: { 'spec.replicas': { diffKind: DiffKind.update, inputDiff: false } },
    diffs: ['spec'],
    old: { inputs: { spec: { replicas: 1 } } } as unknown as StepEventMetadata['old'],
  };
  t.deepEqual(read(step('update', metadata as Partial<StepEventMetadata>)), [
    { change: 'update', resourceType: type, resourceName: 'api', fields: ['spec.replicas'] },
  ]);
});

test('without paths the names that the provider gives are told, once each', (t) => {
  t.deepEqual(read(step('replace', { diffs: ['spec', 'metadata'], keys: ['spec'] })), [
    { change: 'replace', resourceType: type, resourceName: 'api', fields: ['metadata', 'spec'] },
  ]);
});

test('a resource that is gone would be created', (t) => {
  t.deepEqual(read(step('refresh'), step('create')), [{ change: 'create', resourceType: type, resourceName: 'api', fields: [] }]);
});

test('what stays as it is, refreshes, reads and the halves of replacements are no drift', (t) => {
  t.deepEqual(read(step('same'), step('refresh'), step('read'), step('create-replacement'), step('delete-replaced')), []);
});

test('neither is what the stack itself or a provider says of itself', (t) => {
  t.deepEqual(read(step('update', { type: 'pulumi:pulumi:Stack' }), step('update', { type: 'pulumi:providers:kubernetes' })), []);
});

test('a resource is told once, as it was seen last', (t) => {
  t.deepEqual(
    read(step('update', { diffs: ['a'] }), step('update', { diffs: ['b'] }), step('delete', { urn: urn('old') })).map(
      ({ change, fields }) => [change, fields],
    ),
    [
      ['update', ['b']],
      ['delete', []],
    ],
  );
});

const difference = (change: string, resourceName: string, ...fields: string[]) => ({ change, resourceType: type, resourceName, fields });

test('what a newer program will change is no drift; another field of the same resource is', (t) => {
  const toCome = [difference('update', 'api', 'spec.template.spec.priorityClassName'), difference('create', 'new')];
  t.deepEqual(madeBehindItsBack(toCome, toCome), []);
  t.deepEqual(madeBehindItsBack([difference('update', 'api', 'spec.replicas', 'spec.template.spec.priorityClassName')], toCome), [
    difference('update', 'api', 'spec.replicas'),
  ]);
});

test('a resource that is gone has drifted, whatever a newer program would have changed of it', (t) => {
  const gone = [difference('create', 'api')];
  t.deepEqual(madeBehindItsBack(gone, [difference('update', 'api', 'spec.replicas')]), gone);
});
