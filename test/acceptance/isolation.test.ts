import { tenantNames } from '../../tenant-program/names.ts';
import { holds } from '../../cli/probe/check.ts';
import { probeTenant } from '../../cli/probe/probe-tenant.ts';
import { kubectl, platform } from './platform-under-test.ts';
import { testWithTwoApplications } from './two-applications.ts';

const test = testWithTwoApplications();

test('every promise of isolation is tried on the running cluster, and kept', async (t) => {
  t.timeout(240_000);
  const { id: appId, publicKey } = t.context.first;
  const systemNamespace = 'authsome-system';
  // The second one by name: tenants of other tests come and go meanwhile.
  const otherAppId = t.context.second.id;
  const { checks, untried } = await probeTenant({
    kubectl,
    appId,
    otherAppId,
    systemNamespace,
    customerUrl: platform.customerUrl,
    publicKey,
  });
  t.deepEqual(untried, []);
  t.deepEqual(
    checks.filter((check) => !holds(check)),
    [],
  );
  // What must have been among them, so that a probe that tries less does not pass for one that finds nothing.
  const tried = checks.map(({ from, what }) => `${from}: ${what}`).join('\n');
  for (const promise of [
    /the instance: its own Redis/,
    /the instance: another tenant's instance/,
    /the instance: another tenant's Redis/,
    /the instance: the control database/,
    /the instance: NATS/,
    /the instance: the API server/,
    /the instance: the node's metadata/,
    /a pod elsewhere: the tenant's instance/,
    /a pod elsewhere: the tenant's Redis/,
    /to connect to another tenant's database/,
    /to list the databases of the server/,
    /to run programs on the server/,
    /to become pg_execute_server_program/,
    /to become postgres/,
    /to load machine code into the server/,
    /a privileged pod/,
    /a pod that runs as root/,
    /a pod beyond the quota/,
    /a pod beyond the quota of the node's disk/,
    /the provisioner: to read Secrets of the platform/,
    /the provisioner: to lower the Pod Security of a namespace/,
    /the proxy's pod: NATS/,
    /the proxy's pod: the API server/,
    /forged internal headers without the token/,
    /to list users with forged internal headers/,
  ]) {
    t.regex(tried, promise);
  }
});

test('the provisioner may write in namespaces of tenants only', async (t) => {
  const as = '--as=system:serviceaccount:authsome-system:provisioner';
  const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'intruder', namespace: 'kube-system' } });
  const { exitCode, stderr } = await kubectl(['create', as, '-f', '-'], manifest);
  t.not(exitCode, 0);
  t.regex(stderr, /may change only namespaces of tenants/);
});

test("an instance's pod holds no token of the API server", async (t) => {
  const { namespace } = tenantNames(t.context.first.id);
  const { stdout } = await kubectl(['get', 'pods', '--namespace', namespace, '--output', 'jsonpath={.items[*].spec.volumes[*].projected}']);
  t.is(stdout, '');
});
