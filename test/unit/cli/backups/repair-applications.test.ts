import test from 'ava';
import { repairApplications } from '../../../../cli/backups/repair-applications.ts';
import { ControlApiError } from '../../../../cli/call-api.ts';
import type { Inspection, OperatorClient } from '../../../../cli/operator-client.ts';

type Client = Pick<OperatorClient, 'command' | 'inspect'>;

/** Each repair of an application ends as its list says, at the second look. */
function client(outcomes: Record<string, ('succeeded' | 'dead')[]>): Client & { asked: string[] } {
  const asked: string[] = [];
  const looks = new Map<string, number>();
  return {
    asked,
    command: (id) => {
      asked.push(id);
      return Promise.resolve({ id, status: 'updating', operationId: `job_${id}_${asked.filter((one) => one === id).length}` });
    },
    inspect: (id) => {
      const attempt = asked.filter((one) => one === id).length;
      const operationId = `job_${id}_${attempt}`;
      const look = (looks.get(operationId) ?? 0) + 1;
      looks.set(operationId, look);
      const outcome = outcomes[id]?.[attempt - 1] ?? 'succeeded';
      const failed = look > 1 && outcome === 'dead';
      return Promise.resolve({
        status: look === 1 ? 'updating' : failed ? 'failed' : 'active',
        failure: failed ? { code: 'x', message: 'its instance did not start' } : null,
        operations: [{ id: operationId, status: look === 1 ? 'running' : outcome }],
      } as unknown as Inspection);
    },
  };
}

const repair = (using: Client, applications: string[], timeoutMs = 5_000) =>
  repairApplications({ client: using, applications, say: () => undefined, pollMs: 1, timeoutMs });

test('every application is repaired and waited for', async (t) => {
  const using = client({});
  const outcomes = await repair(using, ['app_1', 'app_2']);
  t.deepEqual(outcomes, [
    { id: 'app_1', status: 'active', error: null },
    { id: 'app_2', status: 'active', error: null },
  ]);
  t.deepEqual(using.asked, ['app_1', 'app_2']);
});

test('one that fails is tried once more, and then told', async (t) => {
  const using = client({ app_1: ['dead', 'succeeded'], app_2: ['dead', 'dead'] });
  const outcomes = await repair(using, ['app_1', 'app_2', 'app_3']);
  t.deepEqual(
    outcomes.map(({ status, error }) => [status, error]),
    [
      ['active', null],
      ['failed', 'its instance did not start'],
      ['active', null],
    ],
  );
  t.deepEqual(using.asked, ['app_1', 'app_2', 'app_3', 'app_1', 'app_2']);
});

test('a control API that is busy is asked again, one that refuses is not', async (t) => {
  let calls = 0;
  const using = client({});
  const busy: Client = {
    ...using,
    command: (id, kind) => {
      calls += 1;
      if (id === 'app_refused') return Promise.reject(new ControlApiError(409, 'conflict', 'is deleted'));
      return calls === 1 ? Promise.reject(new ControlApiError(429, 'rate_limit_exceeded', 'slow down')) : using.command(id, kind);
    },
  };
  const outcomes = await repair(busy, ['app_1', 'app_refused']);
  t.is(outcomes[0]?.error, null);
  t.is(outcomes[1]?.error, 'is deleted');
});

test('the wait has an end', async (t) => {
  const using = client({});
  const stuck: Client = { ...using, inspect: () => Promise.reject(new Error('down')) };
  const [outcome] = await repair(stuck, ['app_1'], 30);
  t.is(outcome?.error, 'it was not repaired in time');
});
