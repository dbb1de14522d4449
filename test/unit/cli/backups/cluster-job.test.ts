import test from 'ava';
import { z } from 'zod';
import { runClusterJob } from '../../../../cli/backups/cluster-job.ts';
import { describeLine } from '../../../../cli/backups/job-log.ts';
import type { Kubectl, KubectlAnswer } from '../../../../cli/probe/cluster.ts';

const ok = (value: unknown): KubectlAnswer => ({
  exitCode: 0,
  stdout: typeof value === 'string' ? value : JSON.stringify(value),
  stderr: '',
});
const refused = (stderr: string): KubectlAnswer => ({ exitCode: 1, stdout: '', stderr });

const template = {
  metadata: { labels: { 'app.kubernetes.io/name': 'restore' } },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: 3_600,
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'restore' } },
      spec: {
        securityContext: { runAsNonRoot: true },
        initContainers: [{ name: 'restore', image: 'backup:1', args: ['list'] }],
        containers: [{ name: 'database-setup', image: 'control-api:1' }],
      },
    },
  },
};

interface Script {
  log: object[];
  condition?: { type: string; status: string; message?: string };
}

/** A cluster in which the made Job ends at the second look. */
function cluster({ log, condition = { type: 'Complete', status: 'True' } }: Script): { kubectl: Kubectl; made: unknown[] } {
  const made: unknown[] = [];
  let looks = 0;
  const kubectl: Kubectl = (args, input) => {
    const [verb, kind] = args;
    if (verb === 'create') made.push(JSON.parse(input ?? ''));
    if (verb === 'get' && kind === 'cronjob') return Promise.resolve(ok({ spec: { jobTemplate: template } }));
    if (verb === 'get' && kind === 'job') return Promise.resolve(ok({ status: { conditions: looks++ === 0 ? [] : [condition] } }));
    if (verb === 'logs')
      return Promise.resolve(looks === 0 ? refused('ContainerCreating') : ok(log.map((line) => JSON.stringify(line)).join('\n')));
    return Promise.resolve(ok(''));
  };
  return { kubectl, made };
}

const run = (script: Script, { whole = false } = {}) => {
  const { kubectl, made } = cluster(script);
  const lines: string[] = [];
  const onLine = (line: Parameters<typeof describeLine>[0]) => void lines.push(describeLine(line) ?? '');
  const options = { kubectl, namespace: 'system', cronJob: 'restore' as const, args: ['restore-load', 'bkp_1'], whole, onLine };
  return { made, lines, answer: runClusterJob(options, z.object({ runId: z.string() })) };
};
const containersOf = (job: unknown) =>
  z
    .object({
      spec: z.object({
        template: z.object({
          spec: z.looseObject({
            initContainers: z.array(z.looseObject({ name: z.string() })),
            containers: z.array(z.looseObject({ name: z.string() })),
          }),
        }),
      }),
    })
    .parse(job).spec.template.spec;

test('a task is a Job of the CronJob with other arguments, all else as the platform declared it', async (t) => {
  const { made, answer, lines } = run({
    log: [
      { level: 'info', msg: 'Database is restored', database: 'authsome_state', done: 1, total: 2 },
      { level: 'error', msg: 'Database could not be restored', database: 'x', err: { message: 'gone' } },
      { result: { runId: 'bkp_1' } },
    ],
  });
  t.deepEqual(await answer, { runId: 'bkp_1' });
  t.deepEqual(lines, ['✔ authsome_state (1 of 2)', '✘ x: gone']);
  const { initContainers, containers, ...pod } = containersOf(made[0]);
  t.deepEqual(initContainers, []);
  t.deepEqual(containers, [{ name: 'restore', image: 'backup:1', args: ['restore-load', 'bkp_1'] }]);
  t.deepEqual(pod, { securityContext: { runAsNonRoot: true } });
});

test('a restore is followed by what follows it in the pod', async (t) => {
  const { made, answer } = run({ log: [{ result: { runId: 'bkp_1' } }] }, { whole: true });
  await answer;
  t.deepEqual(
    [...containersOf(made[0]).initContainers, ...containersOf(made[0]).containers].map(({ name }) => name),
    ['restore', 'database-setup'],
  );
});

test('a task that fails tells why', async (t) => {
  const log = [
    {
      level: 'fatal',
      msg: 'Task failed',
      err: { message: 'x.dump could not be loaded', cause: { message: 'pg_restore ended with exit code 1' } },
    },
  ];
  const { answer } = run({ log, condition: { type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' } });
  await t.throwsAsync(answer, { message: 'x.dump could not be loaded: pg_restore ended with exit code 1' });
});

test('a task that did a part of its work answers what', async (t) => {
  const log = [
    { result: { runId: 'bkp_1' } },
    { level: 'fatal', msg: 'Task failed', err: { message: 'Not every database could be backed up' } },
  ];
  const { answer } = run({ log, condition: { type: 'Failed', status: 'True' } });
  t.deepEqual(await answer, { runId: 'bkp_1' });
});

test('a restore whose database setup failed is none that was done', async (t) => {
  const { answer } = run(
    { log: [{ result: { runId: 'bkp_1' } }], condition: { type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' } },
    { whole: true },
  );
  await t.throwsAsync(answer, { message: /BackoffLimitExceeded/ });
});

test('a task that a killed command has begun is followed to its end, and not begun twice', async (t) => {
  const { kubectl, made } = cluster({ log: [{ result: { runId: 'bkp_1' } }] });
  const running = (name: string, args: string[], changes: object = {}) => ({
    metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z', annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' } },
    spec: { template: { spec: { containers: [{ name: 'restore', image: 'backup:1', args }] } } },
    status: {},
    ...changes,
  });
  const done = { status: { conditions: [{ type: 'Failed', status: 'True' }] } };
  const scheduled = { metadata: { name: 'restore-by-schedule', creationTimestamp: '2026-01-01T00:00:00Z' } };
  const jobs = [
    running('restore-of-another', ['restore-load', 'bkp_2']),
    running('restore-ended', ['restore-load', 'bkp_1'], done),
    running('restore-by-schedule', ['restore-load', 'bkp_1'], scheduled),
    running('restore-killed', ['restore-load', 'bkp_1']),
  ];
  const asked: string[] = [];
  const withJobs: Kubectl = (args, input) => {
    if (args[0] === 'get' && args[1] === 'jobs') return Promise.resolve(ok({ items: jobs }));
    if (args[0] === 'get' && args[1] === 'job') asked.push(args[2] ?? '');
    return kubectl(args, input);
  };
  const lines: string[] = [];
  const onLine = (line: Parameters<typeof describeLine>[0]) => void lines.push(describeLine(line) ?? '');
  const options = { kubectl: withJobs, namespace: 'system', cronJob: 'restore' as const, args: ['restore-load', 'bkp_1'], onLine };
  t.deepEqual(await runClusterJob(options, z.object({ runId: z.string() })), { runId: 'bkp_1' });
  t.deepEqual(made, []);
  t.deepEqual([...new Set(asked)], ['restore-killed']);
  t.regex(lines[0] ?? '', /^Following restore-killed/);
});

test('a platform without backups is told to be brought up', async (t) => {
  const kubectl: Kubectl = () => Promise.resolve(refused('Error from server (NotFound)'));
  const answer = runClusterJob({ kubectl, namespace: 'system', cronJob: 'backup', args: ['run'], onLine: () => undefined }, z.unknown());
  await t.throwsAsync(answer, { message: /\.\/authsome up/ });
});
