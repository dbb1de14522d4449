import test from 'ava';
import type { ContainerProcess } from '../../faults/host-processes.ts';
import { processOfOperation } from '../../faults/strike.ts';

const process = (pid: number, session: number, args: string[], stack?: string): ContainerProcess => ({
  ...{ pid, startTicks: '1', session, main: pid === 1, args },
  env: stack === undefined ? {} : { AUTHSOME_STACK: stack },
});
const processes = [
  process(1, 1, ['node', '/app/main.mjs']),
  process(10, 10, ['/usr/local/bin/node', '/app/operation-child.mjs']),
  process(11, 10, ['pulumi', 'up'], 'app-one'),
  process(12, 10, ['/tmp/pulumi/plugins/resource-kubernetes/pulumi-resource-kubernetes', '127.0.0.1:1'], 'app-one'),
  process(20, 20, ['/usr/local/bin/node', '/app/operation-child.mjs']),
  process(21, 20, ['pulumi', 'destroy'], 'app-two'),
  process(22, 20, ['/tmp/pulumi/plugins/resource-kubernetes/pulumi-resource-kubernetes', '127.0.0.1:2'], 'app-two'),
  process(25, 25, ['/usr/local/bin/node', '/app/operation-child.mjs']),
  process(26, 25, ['pulumi', 'preview', '--refresh'], 'app-three'),
  process(27, 25, ['/tmp/pulumi/plugins/resource-kubernetes/pulumi-resource-kubernetes', '127.0.0.1:3'], 'app-three'),
  process(30, 30, ['/usr/local/bin/node', '/app/operation-child.mjs']),
];

test('the processes of an operation are told from those of another one', (t) => {
  t.is(processOfOperation('child', processes, 'app-one')?.pid, 10);
  t.is(processOfOperation('pulumi', processes, 'app-one')?.pid, 11);
  t.is(processOfOperation('plugin', processes, 'app-one')?.pid, 12);
  t.is(processOfOperation('child', processes, 'app-two')?.pid, 20);
  t.is(processOfOperation('plugin', processes, 'app-two')?.pid, 22);
  t.is(processOfOperation('child', processes, 'app-four'), undefined);
});

test('a look for drift at the same stack is not the operation', (t) => {
  for (const fault of ['child', 'pulumi', 'plugin'] as const) t.is(processOfOperation(fault, processes, 'app-three'), undefined);
});
