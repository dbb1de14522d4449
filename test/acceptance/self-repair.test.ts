import test from 'ava';
import { waitUntilActive } from '../../cli/application-readiness.ts';
import { waitFor } from '../../cli/wait-for.ts';
import { newId } from '../../services/shared/ids.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { operator } from './operator.ts';
import { callApplication, deleteApplication, kubectl, newApplication, newOwner } from './platform-under-test.ts';

test('a destruction proves that nothing is left, wherever something could be', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id } = await newApplication(owner);
  await deleteApplication(owner, id);
  const { verified, removed } = await (await operator()).deletion(id);
  const { namespace, database, role, stack } = tenantNames(id);
  const looked = verified.map(({ kind, name }) => `${kind} ${name}`);
  for (const thing of [`namespace ${namespace}`, `database ${database}`, `role ${role}`, `stack ${stack}`])
    t.true(looked.includes(thing), `${thing} is not among ${looked.join(', ')}`);
  t.true(looked.some((thing) => thing.startsWith('route ')));
  t.true(removed.length >= 20);
});

test('what somebody has taken away from outside is made again by a repair', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id, publicKey } = await newApplication(owner);
  const { namespace } = tenantNames(id);
  try {
    t.is((await kubectl(['delete', 'deployment', 'instance', '--namespace', namespace])).exitCode, 0);
    await (await operator()).command(id, 'repair');
    await waitUntilActive(owner.client, id, () => undefined);
    t.is((await kubectl(['get', 'deployment', 'instance', '--namespace', namespace])).exitCode, 0);
    t.is((await callApplication(id, '/auth/session', { key: publicKey })).status, 401, 'it answers, and nobody is signed in');
  } finally {
    await deleteApplication(owner, id);
  }
});

test('a namespace that something holds in Terminating does not keep an application from being destroyed', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id } = await newApplication(owner);
  const { namespace } = tenantNames(id);
  const held = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name: 'held', namespace, finalizers: ['example.com/whose-controller-is-gone'] },
  };
  t.is((await kubectl(['apply', '--filename', '-'], JSON.stringify(held))).exitCode, 0);
  await deleteApplication(owner, id);
  t.not((await kubectl(['get', 'namespace', namespace])).exitCode, 0);
});

test('a sweep finds what belongs to no application, and removes it when it is asked to', async (t) => {
  t.timeout(600_000);
  const id = newId('app');
  const { namespace: name } = tenantNames(id);
  const labels = { 'app.kubernetes.io/managed-by': 'authsome-provisioner', 'authsome.cloud/app-id': id };
  const orphan = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  t.is((await kubectl(['apply', '--filename', '-'], JSON.stringify(orphan))).exitCode, 0);

  const client = await operator();
  const { id: sweepId } = await client.requestSweep({ repair: true });
  const sweep = await waitFor(
    'the end of the sweep',
    async () => {
      const found = await client.sweep(sweepId);
      return found.status === 'finished' || found.status === 'failed' ? found : undefined;
    },
    { timeoutMs: 180_000 },
  );
  t.is(sweep.error, null);
  t.like(
    sweep.findings.find(({ applicationId }) => applicationId === id),
    { kind: 'namespace', name, problem: 'orphan', outcome: 'removed' },
  );
  t.not((await kubectl(['get', 'namespace', name])).exitCode, 0);
});
