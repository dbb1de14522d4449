import test from 'ava';
import { dedicatedDatabase, find, runTenantProgram, specInput } from './run-program.ts';

interface Quota {
  spec: { hard: Record<string, string> };
}

test('the namespace enforces Pod Security restricted, and warns of what breaks it', async (t) => {
  const namespace = find(await runTenantProgram(), 'kubernetes:core/v1:Namespace') as { metadata: { labels: Record<string, string> } };
  for (const mode of ['enforce', 'audit', 'warn']) t.is(namespace.metadata.labels[`pod-security.kubernetes.io/${mode}`], 'restricted');
});

test('the quota holds CPU, memory, pods, and lets no front door but the proxy', async (t) => {
  const { spec } = find(await runTenantProgram(), 'kubernetes:core/v1:ResourceQuota') as unknown as Quota;
  t.deepEqual(spec.hard, {
    'limits.cpu': '4',
    'limits.memory': '8Gi',
    // Six pods of the instance and Redis.
    'limits.ephemeral-storage': '1664Mi',
    'requests.storage': '0',
    persistentvolumeclaims: '0',
    pods: '8',
    'services.loadbalancers': '0',
    'services.nodeports': '0',
  });
});

test('a server of its own has one volume, of its size', async (t) => {
  const run = await runTenantProgram(specInput({ plan: 'pro', database: { ...dedicatedDatabase, storage: '30Gi' } }));
  const { spec } = find(run, 'kubernetes:core/v1:ResourceQuota') as unknown as Quota;
  t.like(spec.hard, { 'requests.storage': '30Gi', persistentvolumeclaims: '1', 'limits.ephemeral-storage': '1920Mi' });
});

test('a container that names no resources gets some, so that the quota can count it', async (t) => {
  t.like(find(await runTenantProgram(), 'kubernetes:core/v1:LimitRange'), {
    spec: { limits: [{ type: 'Container', default: { cpu: '500m', memory: '256Mi', 'ephemeral-storage': '128Mi' } }] },
  });
});

test('the service account gives no token', async (t) => {
  const account = find(await runTenantProgram(), 'kubernetes:core/v1:ServiceAccount');
  t.like(account, { metadata: { name: 'app-abc123-sa' }, automountServiceAccountToken: false });
});
