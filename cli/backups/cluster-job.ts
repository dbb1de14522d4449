import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Kubectl } from '../probe/cluster.ts';
import { readJobLog } from './job-log.ts';
import type { JobLine } from './job-log.ts';
import { findRunningJob, manualAnnotation } from './running-job.ts';

export interface ClusterJobOptions {
  kubectl: Kubectl;
  namespace: string;
  /** The CronJob that it is made from. */
  cronJob: 'backup' | 'restore';
  args: readonly string[];
  /** With what follows the program in the CronJob's pod; a restore's database setup. */
  whole?: boolean;
  onLine: (line: JobLine) => void;
}

const containerSchema = z.looseObject({ name: z.string() });
const cronJobSchema = z.object({
  spec: z.object({
    jobTemplate: z.object({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
      spec: z.looseObject({
        activeDeadlineSeconds: z.int(),
        template: z.looseObject({
          spec: z.looseObject({ initContainers: z.array(containerSchema).default([]), containers: z.array(containerSchema) }),
        }),
      }),
    }),
  }),
});
const jobSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() })).default([]) }),
});
const podsSchema = z.object({
  items: z.array(
    z.object({
      status: z.object({
        phase: z.string(),
        conditions: z.array(z.object({ reason: z.string().optional(), message: z.string().optional(), status: z.string() })).default([]),
        initContainerStatuses: z.array(z.unknown()).default([]),
        containerStatuses: z
          .array(
            z.looseObject({
              state: z.looseObject({ waiting: z.object({ reason: z.string(), message: z.string().optional() }).optional() }),
            }),
          )
          .default([]),
      }),
    }),
  ),
});

const pollMs = 1_000;
/** For a pod to be placed and its image to be pulled. */
const startLimitMs = 180_000;
/** After the cluster should have ended it. */
const slackMs = 60_000;

/**
 * Runs a task of the backup service in the cluster, as a Job of its own, and follows it to its end. The Job goes on where this process is ended, and the next
 * command for the same task follows it again.
 *
 * @returns what it answered
 * @throws Error with what it wrote last, or why it did not start
 */
export async function runClusterJob<Schema extends z.ZodType>(options: ClusterJobOptions, schema: Schema): Promise<z.output<Schema>> {
  const { name, limitMs } = await openJob(options);
  const state = await follow(options, name, limitMs);
  const { result, error } = await readJobLog(options, name);
  // A task that did a part of its work answers what, and fails: only what comes after it must not be missed.
  if (result !== undefined && (state.succeeded || options.whole !== true)) return schema.parse(result);
  throw new Error(
    error ?? `Job ${name} failed: ${state.message} (kubectl logs job/${name} --namespace ${options.namespace} --all-containers)`,
  );
}

async function openJob(options: ClusterJobOptions): Promise<{ name: string; limitMs: number }> {
  const { kubectl, namespace, cronJob, args, whole = false } = options;
  const found = await kubectl(['get', 'cronjob', cronJob, '--namespace', namespace, '--output', 'json']);
  if (found.exitCode !== 0)
    throw new Error(`The platform has no ${cronJob} job: bring it up first with ./authsome up\n${found.stderr.trim()}`);
  const { metadata, spec } = cronJobSchema.parse(JSON.parse(found.stdout)).spec.jobTemplate;
  const limitMs = spec.activeDeadlineSeconds * 1_000 + slackMs;
  const running = await findRunningJob(options);
  if (running !== undefined) {
    options.onLine({ level: 'warn', msg: `Following ${running.name}, which an earlier command began at ${running.since}` });
    return { name: running.name, limitMs };
  }
  const pod = spec.template.spec;
  const all = [...pod.initContainers, ...pod.containers].map((container) =>
    container.name === cronJob ? { ...container, args } : container,
  );
  const own = all.filter((container) => container.name === cronJob);
  const containers =
    whole && all.length > 1
      ? { initContainers: own, containers: all.filter((container) => container.name !== cronJob) }
      : { initContainers: [], containers: own };
  const name = `${cronJob}-${randomBytes(4).toString('hex')}`;
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: metadata.labels, annotations: manualAnnotation },
    spec: { ...spec, template: { ...spec.template, spec: { ...pod, ...containers } } },
  };
  const made = await kubectl(['create', '--filename', '-'], JSON.stringify(job));
  if (made.exitCode !== 0) throw new Error(`Job ${name} could not be made: ${made.stderr.trim()}`);
  return { name, limitMs };
}

interface JobState {
  succeeded: boolean;
  message: string;
}

async function follow(options: ClusterJobOptions, name: string, limitMs: number): Promise<JobState> {
  const startedAt = Date.now();
  let shown = 0;
  for (;;) {
    const { lines } = await readJobLog(options, name);
    for (const line of lines.slice(shown)) options.onLine(line);
    shown = Math.max(shown, lines.length);
    const state = await readState(options, name);
    if (state !== undefined) {
      for (const line of (await readJobLog(options, name)).lines.slice(shown)) options.onLine(line);
      return state;
    }
    const elapsed = Date.now() - startedAt;
    const waiting = shown === 0 && elapsed > startLimitMs ? await whyItWaits(options, name) : undefined;
    if (waiting !== undefined || elapsed > limitMs) {
      await options.kubectl(['delete', 'job', name, '--namespace', options.namespace, '--wait=false', '--ignore-not-found']);
      throw new Error(
        `Job ${name} ${waiting === undefined ? `did not end within ${limitMs / 60_000} minutes` : `did not start: ${waiting}`}`,
      );
    }
    await delay(pollMs);
  }
}

/** Undefined while it runs, or while the API server does not answer: it goes on meanwhile. */
async function readState({ kubectl, namespace }: ClusterJobOptions, name: string): Promise<JobState | undefined> {
  const { exitCode, stdout, stderr } = await kubectl(['get', 'job', name, '--namespace', namespace, '--output', 'json']);
  if (exitCode !== 0) {
    if (stderr.includes('NotFound')) throw new Error(`Job ${name} was deleted`);
    return undefined;
  }
  const { conditions } = jobSchema.parse(JSON.parse(stdout)).status;
  const ended = conditions.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'));
  return ended === undefined ? undefined : { succeeded: ended.type === 'Complete', message: ended.message ?? '' };
}

/** Undefined once its pod runs. */
async function whyItWaits({ kubectl, namespace }: ClusterJobOptions, name: string): Promise<string | undefined> {
  const answer = await kubectl(['get', 'pods', '--namespace', namespace, '--selector', `job-name=${name}`, '--output', 'json']);
  if (answer.exitCode !== 0) return undefined;
  const [pod] = podsSchema.parse(JSON.parse(answer.stdout)).items;
  if (pod === undefined) return 'it has no pod';
  if (pod.status.phase !== 'Pending') return undefined;
  const reasons = [
    ...pod.status.containerStatuses.flatMap(({ state }) => (state.waiting === undefined ? [] : [state.waiting])),
    ...pod.status.conditions.filter(({ status }) => status === 'False'),
  ];
  return reasons.map(({ reason, message }) => [reason, message].filter(Boolean).join(': ')).join('; ') || 'its pod is pending';
}
