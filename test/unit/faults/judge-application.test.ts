import test from 'ava';
import type { ApplicationFacts } from '../../faults/inspect-application.ts';
import { judgeApplication } from '../../faults/judge-application.ts';
import type { Expectation } from '../../faults/judge-application.ts';

const appId = 'app_abc';
const namespace = 'authsome-app-abc';
const active: Expectation = { appId, requested: ['provision', 'update'], sessionTimeoutSeconds: 600, objects: ['Secret/redis'] };

function activeFacts(): ApplicationFacts {
  return {
    rows: {
      application: { status: 'active', desired: 'present', serving: true, generation: 2, observed_generation: 2, revision: 5 },
      jobs: [
        { id: 'job_1', kind: 'provision', generation: 1, status: 'succeeded' },
        { id: 'job_2', kind: 'update', generation: 2, status: 'succeeded' },
      ],
      attempts: [
        { job_id: 'job_1', status: 'succeeded', code: null, message: null },
        { job_id: 'job_2', status: 'abandoned', code: 'worker_lost', message: null },
        { job_id: 'job_2', status: 'succeeded', code: null, message: null },
      ],
      events: ['application.provisioned'],
      deletion_records: 0,
    },
    stack: {
      keys: ['.pulumi/stacks/authsome-tenant/app-abc.json'],
      locks: [],
      pending_operations: 0,
      resources: [
        { urn: 'urn:namespace', type: 'kubernetes:core/v1:Namespace', id: namespace, delete: null },
        { urn: 'urn:secret', type: 'kubernetes:core/v1:Secret', id: `${namespace}/redis`, delete: null },
      ],
    },
    databases: ['authsome_app_abc'],
    roles: ['app_abc_user'],
    namespaces: [namespace],
    objects: ['Secret/redis'],
    pods: ['instance', 'redis'].map((workload) => ({ workload, ready: true, ending: false })),
    sessionTimeoutSeconds: 600,
    route: { status: 'active', revision: 5 },
    strays: [],
    children: 1,
  };
}

function deletedFacts(): ApplicationFacts {
  const { rows } = activeFacts();
  return {
    rows: {
      application: { status: 'deleted', desired: 'absent', serving: false, generation: 3, observed_generation: 3, revision: 9 },
      jobs: [...rows.jobs, { id: 'job_3', kind: 'destroy', generation: 3, status: 'succeeded' }],
      attempts: [...rows.attempts, { job_id: 'job_3', status: 'succeeded', code: null, message: null }],
      events: ['application.provisioned', 'application.deleted'],
      deletion_records: 1,
    },
    stack: { keys: [], locks: [], pending_operations: 0, resources: [] },
    ...{
      databases: [],
      roles: [],
      namespaces: [],
      objects: [],
      pods: [],
      sessionTimeoutSeconds: null,
      route: null,
      strays: [],
      children: 1,
    },
  };
}

const deleted: Expectation = { ...active, requested: ['provision', 'update', 'destroy'] };

test('an application that is as it was asked for has no problems', (t) => {
  t.deepEqual(judgeApplication(activeFacts(), active), []);
  t.deepEqual(judgeApplication(deletedFacts(), deleted), []);
});

const problem = test.macro((t, spoil: (facts: ApplicationFacts) => unknown, expected: RegExp, from: 'active' | 'deleted' = 'active') => {
  const facts = from === 'active' ? activeFacts() : deletedFacts();
  spoil(facts);
  const problems = judgeApplication(facts, from === 'active' ? active : deleted);
  t.true(
    problems.some((text) => expected.test(text)),
    problems.join('\n'),
  );
});

test('a wrong status', problem, ({ rows }) => Object.assign(rows.application ?? {}, { status: 'updating' }), /status is updating/);
test(
  'a generation that is not reached',
  problem,
  ({ rows }) => Object.assign(rows.application ?? {}, { observed_generation: 1 }),
  /observed_generation is 1/,
);
test('a job that is lost', problem, ({ rows }) => rows.jobs.pop(), /update of generation 2: succeeded is there 0 times/);
test('a job that is doubled', problem, ({ rows }) => rows.jobs.push({ ...rows.jobs[1]!, id: 'job_9' }), /is there 2 times/);
test(
  'a job that is not done',
  problem,
  ({ rows }) => Object.assign(rows.jobs[1]!, { status: 'running' }),
  /update of generation 2: running/,
);
test(
  'an operation that runs',
  problem,
  ({ rows }) => rows.attempts.push({ job_id: 'job_2', status: 'running', code: null, message: null }),
  /still running/,
);
test('an operation that was done twice', problem, ({ rows }) => rows.attempts.push({ ...rows.attempts[2]! }), /exactly once/);
test('a lock', problem, ({ stack }) => stack.locks.push('.pulumi/locks/x'), /lock is left/);
test('a pending operation', problem, ({ stack }) => Object.assign(stack, { pending_operations: 1 }), /pending/);
test('an object that the checkpoint does not know', problem, ({ objects }) => objects.push('Secret/other'), /Secret\/other/);
test('an object that is missing', problem, ({ objects }) => objects.pop(), /Secret\/redis is there 0 times/);
test('a second database', problem, ({ databases }) => databases.push('authsome_app_abc_2'), /databases/);
test('a pod that is still ending', problem, ({ pods }) => pods.push({ workload: 'instance', ready: false, ending: true }), /ending/);
test(
  'an instance of before the update',
  problem,
  (facts) => Object.assign(facts, { sessionTimeoutSeconds: 599 }),
  /session timeout is 599/,
);
test('a stale route', problem, ({ route }) => Object.assign(route ?? {}, { revision: 4 }), /newest revision/);
test('no route', problem, (facts) => Object.assign(facts, { route: null }), /route says nothing/);
test('a process that goes on', problem, ({ strays }) => strays.push('pulumi up'), /still works/);
test('a child too many', problem, (facts) => Object.assign(facts, { children: 2 }), /2 processes/);
test('a namespace that is left', problem, ({ namespaces }) => namespaces.push(namespace), /is left/, 'deleted');
test('a role that is left', problem, ({ roles }) => roles.push('app_abc_user'), /app_abc_user is left/, 'deleted');
test('a history that is left', problem, ({ stack }) => stack.keys.push('.pulumi/history/x'), /still holds/, 'deleted');
test(
  'a route that is left',
  problem,
  (facts) => Object.assign(facts, { route: { status: 'deleting', revision: 8 } }),
  /route is left/,
  'deleted',
);
test('no proof of the deletion', problem, ({ rows }) => Object.assign(rows, { deletion_records: 0 }), /0 deletion records/, 'deleted');
