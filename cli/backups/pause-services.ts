import { z } from 'zod';
import { waitFor } from '../wait-for.ts';
import type { Kubectl, KubectlAnswer } from '../probe/cluster.ts';

export interface PausedServices {
  kubectl: Kubectl;
  namespace: string;
}

/** Whoever writes to the control or the state database, or serves what is in them. */
const services = ['proxy', 'control-api', 'provisioner'];
/** How many there were, so that a restore that was killed can give them back. */
export const pauseAnnotation = 'authsome.cloud/replicas-before-restore';
const stopLimitMs = 120_000;
const startLimitMs = 300_000;
const pollMs = 1_000;

const deploymentSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ replicas: z.int().default(1) }),
  status: z.object({ readyReplicas: z.int().default(0) }).prefault({}),
});

const deploymentsSchema = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }) })),
});

/** Takes the platform's services down, and waits until none of their pods is left. Doing it again changes nothing. */
export async function pauseServices(options: PausedServices): Promise<void> {
  for (const name of services) {
    const { metadata, spec } = await readDeployment(options, name);
    if (metadata.annotations[pauseAnnotation] === undefined && spec.replicas > 0)
      await run(options, ['annotate', 'deployment', name, `${pauseAnnotation}=${spec.replicas}`]);
    await run(options, ['scale', 'deployment', name, '--replicas=0']);
  }
  const selector = `app.kubernetes.io/instance in (${services.join(', ')})`;
  const left = async (): Promise<string> => (await run(options, ['get', 'pods', '--selector', selector, '--output', 'name'])).stdout.trim();
  await waitFor('the end of the services', async () => ((await left()) === '' ? true : undefined), {
    ...{ timeoutMs: stopLimitMs, intervalMs: pollMs },
  });
}

/** Brings them back as many as they were, and waits until they are ready. */
export async function resumeServices(options: PausedServices): Promise<void> {
  for (const name of services.toReversed()) {
    const replicas = (await readDeployment(options, name)).metadata.annotations[pauseAnnotation];
    if (replicas === undefined) continue;
    await run(options, ['scale', 'deployment', name, `--replicas=${z.coerce.number().int().min(1).parse(replicas)}`]);
    await run(options, ['annotate', 'deployment', name, `${pauseAnnotation}-`]);
  }
  for (const name of services) await waitFor(name, () => isReady(options, name), { timeoutMs: startLimitMs, intervalMs: pollMs });
}

/**
 * The services that a restore has paused and not started again. None where there is no platform.
 *
 * @throws Error where the cluster does not answer
 */
export async function pausedServices(options: PausedServices): Promise<string[]> {
  const { stdout } = await run(options, ['get', 'deployments', '--output', 'json']);
  return deploymentsSchema
    .parse(JSON.parse(stdout))
    .items.filter(({ metadata }) => metadata.annotations[pauseAnnotation] !== undefined)
    .map(({ metadata }) => metadata.name);
}

/**
 * Refuses while a restore is not finished: bringing the platform up would start the services that it has paused, in the middle of its loading.
 *
 * @throws Error that says how to go on
 */
export async function refuseWhileRestoring(options: PausedServices): Promise<void> {
  const paused = await pausedServices(options);
  if (paused.length === 0) return;
  throw new Error(
    `A restore was begun and is not finished: it has paused ${paused.join(', ')}. Nothing was changed.\n` +
      'To go on with it: ./authsome restore BACKUP. To start the services as things are: ./authsome restore --abandon',
  );
}

async function isReady(options: PausedServices, name: string): Promise<true | undefined> {
  const { spec, status } = await readDeployment(options, name);
  return spec.replicas > 0 && status.readyReplicas >= spec.replicas ? true : undefined;
}

async function readDeployment(options: PausedServices, name: string): Promise<z.output<typeof deploymentSchema>> {
  const { stdout } = await run(options, ['get', 'deployment', name, '--output', 'json']);
  return deploymentSchema.parse(JSON.parse(stdout));
}

async function run({ kubectl, namespace }: PausedServices, args: readonly string[]): Promise<KubectlAnswer> {
  const answer = await kubectl([...args, '--namespace', namespace]);
  if (answer.exitCode !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed: ${answer.stderr.trim()}`);
  return answer;
}
