import test from 'ava';
import { pauseServices, refuseWhileRestoring, resumeServices } from '../../../../cli/backups/pause-services.ts';
import type { Kubectl } from '../../../../cli/probe/cluster.ts';

/** Deployments as an API server keeps them: what scale and annotate do. */
function cluster(replicas: Record<string, number>) {
  const deployments = new Map<string, { replicas: number; annotations: Record<string, string> }>();
  for (const [name, count] of Object.entries(replicas)) deployments.set(name, { replicas: count, annotations: {} });
  const kubectl: Kubectl = ([verb, kind, name = '', change = '']) => {
    const answer = (stdout: string) => Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    if (verb === 'get' && kind === 'pods') return answer('');
    if (verb === 'get' && kind === 'deployments')
      return answer(JSON.stringify({ items: [...deployments].map(([name, { annotations }]) => ({ metadata: { name, annotations } })) }));
    const deployment = deployments.get(name);
    if (!deployment) return Promise.resolve({ exitCode: 1, stdout: '', stderr: `no ${name}` });
    if (verb === 'scale') deployment.replicas = Number(change.replace('--replicas=', ''));
    if (verb === 'annotate') {
      const [key = '', value] = change.split('=');
      if (value === undefined) delete deployment.annotations[key.slice(0, -1)];
      else deployment.annotations[key] = value;
    }
    return answer(
      JSON.stringify({
        metadata: { annotations: deployment.annotations },
        spec: { replicas: deployment.replicas },
        status: { readyReplicas: deployment.replicas },
      }),
    );
  };
  return {
    options: { kubectl, namespace: 'system' },
    replicas: () => Object.fromEntries([...deployments].map(([name, one]) => [name, one.replicas])),
    deployments,
  };
}

test('services come back as many as they were, even where the pause was interrupted and done again', async (t) => {
  const before = { proxy: 5, 'control-api': 3, provisioner: 2 };
  const { options, replicas, deployments } = cluster(before);
  await pauseServices(options);
  await pauseServices(options);
  t.deepEqual(replicas(), { proxy: 0, 'control-api': 0, provisioner: 0 });
  await resumeServices(options);
  t.deepEqual(replicas(), before);
  for (const { annotations } of deployments.values()) t.deepEqual(annotations, {});
  await resumeServices(options);
  t.deepEqual(replicas(), before);
});

test('while a restore has services paused the platform is not brought up: it says how to go on', async (t) => {
  const { options } = cluster({ proxy: 1, 'control-api': 1, provisioner: 1 });
  await t.notThrowsAsync(refuseWhileRestoring(options));
  await pauseServices(options);
  await t.throwsAsync(refuseWhileRestoring(options), { message: /paused proxy, control-api, provisioner.*restore BACKUP.*--abandon/s });
  await resumeServices(options);
  await t.notThrowsAsync(refuseWhileRestoring(options));
});

test('what kubectl refuses is told', async (t) => {
  await t.throwsAsync(pauseServices(cluster({}).options), { message: /get deployment proxy.*no proxy/ });
});
