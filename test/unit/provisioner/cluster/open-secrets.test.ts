import test from 'ava';
import type { ExecutionContext } from 'ava';
import { connectCluster } from '../../../../services/provisioner/cluster/connect-cluster.ts';
import { openSecrets } from '../../../../services/provisioner/cluster/open-secrets.ts';
import { dedicatedDatabaseSchema, sharedDatabaseSchema } from '../../../../tenant-program/spec.ts';
import { startFakeCluster } from '../../../support/fake-cluster.ts';
import { tenantNamespace } from '../../../support/tenant-objects.ts';

const appId = 'app_abcdef';
const namespace = 'authsome-app-abcdef';
const shared = sharedDatabaseSchema.parse({ tier: 'shared', host: 'postgres', adminUser: 'admin', adminPassword: 'secret' });
const dedicated = dedicatedDatabaseSchema.parse({ tier: 'dedicated', image: 'postgres:1' });
const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;

async function open(t: ExecutionContext) {
  const fake = await startFakeCluster();
  t.teardown(() => fake.close());
  fake.guardSecrets();
  const cluster = connectCluster(fake.kubeconfig);
  const signal = new AbortController().signal;
  const run = (options: { makeNamespace?: boolean; database?: typeof shared | typeof dedicated } = {}): Promise<boolean> => {
    const { makeNamespace = false, database = shared } = options;
    return openSecrets(cluster, { spec: { appId, database }, systemNamespace: 'authsome-system', makeNamespace, signal });
  };
  return { fake, run };
}

test('a namespace of an earlier version gets the right to its Secrets, once', async (t) => {
  const { fake, run } = await open(t);
  fake.put('namespaces', tenantNamespace(appId));
  t.true(await run());
  t.like(fake.get('rolebindings', 'provisioner', namespace), {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'authsome:tenant-secrets' },
    subjects: [{ kind: 'ServiceAccount', name: 'provisioner', namespace: 'authsome-system' }],
  });
  t.true(await run());
  t.deepEqual(fake.writes, [`POST ${bindings}/provisioner`]);
});

test('a first start, of which there is no namespace yet, makes nothing', async (t) => {
  const { fake, run } = await open(t);
  t.false(await run());
  t.is(fake.get('namespaces', namespace), undefined);
});

test('a namespace that somebody deleted is made again, as restricted as the stack makes it, where its stack must be read', async (t) => {
  const { fake, run } = await open(t);
  t.true(await run({ makeNamespace: true, database: dedicated }));
  t.deepEqual(fake.get('namespaces', namespace)?.metadata.labels, {
    'app.kubernetes.io/part-of': 'authsome',
    'app.kubernetes.io/managed-by': 'authsome-provisioner',
    'authsome.cloud/app-id': appId,
    'authsome.cloud/database': 'dedicated',
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/audit': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  });
});

test('one that is being deleted takes no rights, which is no error', async (t) => {
  const { fake, run } = await open(t);
  fake.put('namespaces', tenantNamespace(appId, { deletionTimestamp: new Date().toISOString(), finalizers: ['example.com/guard'] }));
  t.false(await run({ makeNamespace: true }));
});
