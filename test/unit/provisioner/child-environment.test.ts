import test from 'ava';
import { childEnvironment } from '../../../services/provisioner/child-environment.ts';

test("the child gets what pulumi needs, and none of the provisioner's own secrets", (t) => {
  const needed = {
    PATH: '/bin',
    HOME: '/home/node',
    PULUMI_HOME: '/pulumi',
    PULUMI_CONFIG_PASSPHRASE: 'passphrase',
    PULUMI_BACKEND_URL: 'postgres://state',
    KUBECONFIG: '/kube/config',
    KUBERNETES_SERVICE_HOST: '10.78.0.1',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
  };
  const own = {
    DATABASE_URL: 'postgres://control',
    REDIS_URL: 'redis://x',
    NATS_URL: 'nats://x',
    ENCRYPTION_KEY: 'k',
    NODE_OPTIONS: '--inspect',
    MY_PULUMI_HOME: 'x',
  };
  t.deepEqual(childEnvironment({ ...needed, ...own, TMPDIR: undefined }), needed);
});
