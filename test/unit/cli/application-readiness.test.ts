import test from 'ava';
import { waitUntilAtRest } from '../../../cli/application-readiness.ts';
import type { RestingStatus } from '../../../cli/application-readiness.ts';
import { ControlApiError } from '../../../cli/control-client.ts';
import type { ControlClient } from '../../../cli/control-client.ts';

type Look = { status: string; operation?: string; remedy?: string } | Error;

/** A client that sees these, one after another, and the last for ever. */
function clientThatSees(looks: readonly Look[]) {
  let index = 0;
  let current: Look | undefined;
  const client = {
    operations() {
      current = looks[Math.min(index, looks.length - 1)];
      index += 1;
      if (current instanceof Error) return Promise.reject(current);
      const { operation, remedy } = current as Exclude<Look, Error>;
      return Promise.resolve(operation === undefined ? [] : [{ status: operation, phase: 'stack', error: remedy ? { remedy } : null }]);
    },
    application() {
      const { status } = current as Exclude<Look, Error>;
      return Promise.resolve({ id: 'app_1', status, failure: { code: 'pods_not_ready', message: 'They are not.' } });
    },
  };
  return client as unknown as ControlClient;
}

const wait = (status: RestingStatus, ...looks: Look[]) => waitUntilAtRest(clientThatSees(looks), 'app_1', { status });
const unavailable = new ControlApiError(503, 'service_unavailable', '503');
const gone = new ControlApiError(404, 'not_found', '404');

const comesToRest = test.macro({
  title: (_title, status: RestingStatus, ..._looks: Look[]) => `a wait for ${status} ends when the operation has ended too`,
  async exec(t, status: RestingStatus, ...looks: Look[]) {
    t.is((await wait(status, ...looks))?.status, status);
  },
});
test(comesToRest, 'active', { status: 'updating', operation: 'running' }, { status: 'active', operation: 'succeeded' });
test(comesToRest, 'suspended', { status: 'suspended', operation: 'queued' }, { status: 'suspended', operation: 'succeeded' });
test(comesToRest, 'deleting', { status: 'deleting', operation: 'running' }, { status: 'deleting', operation: 'succeeded' });

test('a wait for a deletion ends when nothing is found any more', async (t) => {
  t.is(await wait('deleted', { status: 'deleting', operation: 'running' }, gone), undefined);
});

test('an operation that fails between the two questions is not taken for done', async (t) => {
  let asked = 0;
  let failed = false;
  const client = {
    operations: () => Promise.resolve([{ status: failed ? 'failed' : 'running', phase: 'applying', error: null }]),
    application() {
      const status = failed ? 'failed' : 'deleting';
      asked += 1;
      failed ||= asked === 1;
      return Promise.resolve({ id: 'app_1', status, failure: { code: 'pods_not_ready', message: 'They are not.' } });
    },
  };
  const waiting = waitUntilAtRest(client as unknown as ControlClient, 'app_1', { status: 'deleting' });
  await t.throwsAsync(waiting, { message: /failed: pods_not_ready/ });
});

const failsFast = test.macro({
  title: (_title, status: RestingStatus, look: Look) =>
    `a wait for ${status} ends at once where it ${look instanceof Error ? 'is gone' : `is ${look.status}`}`,
  exec: (t, status: RestingStatus, look: Look, message: RegExp) => t.throwsAsync(wait(status, look), { message }),
});
test(failsFast, 'active', { status: 'suspended' }, /is suspended, and will not be active by itself/);
test(failsFast, 'active', { status: 'deleting' }, /is deleting/);
test(failsFast, 'active', gone, /is deleted/);
test(failsFast, 'suspended', { status: 'updating' }, /is updating/);
test(failsFast, 'deleting', { status: 'provisioning' }, /is provisioning/);
test(failsFast, 'deleted', { status: 'active' }, /is active/);
test(failsFast, 'suspended', { status: 'failed', operation: 'failed', remedy: 'Look.' }, /failed: pods_not_ready They are not\.\nLook\./);

test('a control API that is away for a moment does not end a wait', async (t) => {
  const faults = [
    unavailable,
    new TypeError('fetch failed'),
    new DOMException('', 'TimeoutError') as unknown as Error,
    unavailable,
    unavailable,
  ];
  t.is((await wait('active', ...faults, { status: 'active' }))?.status, 'active');
});

test('one that stays away does, with its own reason', async (t) => {
  await t.throwsAsync(wait('active', unavailable), { is: unavailable });
});

test('what is refused is told at once', async (t) => {
  const forbidden = new ControlApiError(403, 'forbidden', '403');
  await t.throwsAsync(wait('active', forbidden, { status: 'active' }), { is: forbidden });
});
