import type { ProvisionBench } from './provision-bench.ts';

type Cluster = Pick<ProvisionBench, 'kubectl' | 'namespace'>;

const variable = 'CONCURRENCY';

export async function readConcurrency({ kubectl, namespace }: Cluster): Promise<number> {
  const path = `jsonpath={.spec.template.spec.containers[0].env[?(@.name=="${variable}")].value}`;
  const value = Number(await kubectl(['get', 'deployment', 'provisioner', '--namespace', namespace, '--output', path]));
  if (!Number.isInteger(value) || value < 1) throw new Error(`the provisioner's ${variable} is not set`);
  return value;
}

/** Sets how many operations the worker does at the same time, and waits until only the worker with it is there. Changes nothing where it is so. */
export async function setConcurrency(cluster: Cluster, concurrency: number): Promise<void> {
  const { kubectl, namespace } = cluster;
  if ((await readConcurrency(cluster)) !== concurrency) {
    await kubectl(['set', 'env', 'deployment/provisioner', '--namespace', namespace, `${variable}=${concurrency}`]);
  }
  await kubectl(['rollout', 'status', 'deployment/provisioner', '--namespace', namespace, '--timeout=180s']);
  const pods = ['pods', '--namespace', namespace, '--selector', 'app.kubernetes.io/instance=provisioner'];
  const names = (await kubectl(['get', ...pods, '--sort-by=.metadata.creationTimestamp', '--output', 'name'])).split('\n').filter(Boolean);
  // The one before drains: it would take memory, and the first jobs.
  const older = names.slice(0, -1);
  if (older.length > 0) await kubectl(['wait', ...older, '--namespace', namespace, '--for=delete', '--timeout=90s']);
}
