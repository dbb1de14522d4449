import test from 'ava';
import { holds } from '../../cli/probe/check.ts';
import { probeTenant } from '../../cli/probe/probe-tenant.ts';
import { waitFor } from '../../cli/wait-for.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { operator, systemNamespace } from './operator.ts';
import { callApplication, deleteApplication, kubectl, newApplication, newOwner, platform, unique } from './platform-under-test.ts';

test('an application on the pro plan has a database server of its own, isolated as well, and takes it along when it is deleted', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  await (await operator()).setPlan(owner.workspaceId, 'pro');
  // Two, so that each is out of the other's reach; tenants of other tests come and go meanwhile.
  const [{ id, publicKey }, { id: otherAppId }] = await Promise.all([newApplication(owner), newApplication(owner)]);
  const { namespace } = tenantNames(id);
  try {
    const body = { email: `${unique()}@example.com`, password: 'correct horse battery staple' };
    t.is((await callApplication(id, '/auth/signup', { key: publicKey, body })).status, 201);
    t.is((await kubectl(['get', 'statefulset', 'postgres', '--namespace', namespace])).exitCode, 0);
    t.is((await volumesOf(namespace)).length, 1);

    const { checks } = await probeTenant({ kubectl, appId: id, otherAppId, systemNamespace, customerUrl: platform.customerUrl, publicKey });
    t.deepEqual(
      checks.filter((check) => !holds(check)),
      [],
    );
    t.true(checks.some(({ from, what }) => from === 'a pod elsewhere' && what.startsWith("the tenant's PostgreSQL")));
    t.true(checks.some(({ from, what }) => from === 'the instance' && what.startsWith("another tenant's PostgreSQL")));
  } finally {
    await Promise.all([id, otherAppId].map((application) => deleteApplication(owner, application)));
  }
  t.not((await kubectl(['get', 'namespace', namespace])).exitCode, 0);
  // The volume goes a moment after its claim.
  await waitFor(`the volume of ${namespace} to go`, async () => ((await volumesOf(namespace)).length === 0 ? true : undefined), {
    timeoutMs: 30_000,
  });
});

async function volumesOf(namespace: string): Promise<string[]> {
  const claimed = `jsonpath={range .items[?(@.spec.claimRef.namespace=="${namespace}")]}{.metadata.name}{"\\n"}{end}`;
  return (await kubectl(['get', 'persistentvolumes', '--output', claimed])).stdout.split('\n').filter(Boolean);
}
