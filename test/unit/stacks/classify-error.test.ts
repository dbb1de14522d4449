import test from 'ava';
import { classifyError } from '../../../stacks/classify-error.ts';
import { operationMessageSchema, operationRequestSchema } from '../../../stacks/operation-protocol.ts';

const sorts = test.macro({
  exec: (t, message: string, code: string, retryable: boolean) => {
    const error = classifyError(new Error('pulumi failed'), { diagnostics: [message], secrets: [] });
    t.like(error, { code, retryable, message });
    t.true(error.remedy.length > 0);
    t.deepEqual(operationMessageSchema.parse(error), error);
  },
  title: (_title, message: string, code: string) => `${code}: ${message}`,
});

test(sorts, 'pods "instance" is forbidden: exceeded quota: tenant, requested: limits.cpu=1', 'quota_exceeded', false);
test(sorts, 'pods "x" is forbidden: violates PodSecurity "restricted:latest"', 'admission_refused', false);
test(
  sorts,
  'configmaps "instance" is forbidden: unable to create new content in namespace authsome-app-x because it is being terminated',
  'namespace_terminating',
  true,
);
test(sorts, 'admission webhook "policy.example" denied the request', 'admission_refused', false);
test(sorts, 'namespaces is forbidden: User "x" cannot create resource', 'forbidden', true);
test(sorts, 'deployments.apps "instance" is forbidden: not yet ready to handle request', 'forbidden', true);
test(sorts, 'Unauthorized', 'forbidden', true);
test(sorts, 'PostgreSQL db:5432, database app_x, as admin: permission denied for schema public [42501]', 'forbidden', false);
test(sorts, 'PostgreSQL db:5432, database postgres, as admin: database x exists and belongs to y; it is not adopted', 'name_taken', false);
test(sorts, 'resource "urn:pulumi:x" cannot be deleted\nbecause it is protected. To unprotect the resource', 'data_protected', false);
test(sorts, 'unable to replace resource "urn:pulumi:x"\nas it is currently marked for protection.', 'data_protected', false);
test(sorts, 'error: incorrect passphrase', 'wrong_passphrase', false);
test(sorts, 'Deployment.apps "instance" is invalid: spec.replicas', 'invalid_object', false);
test(
  sorts,
  'PostgreSQL db:5432, database postgres, as admin: connect ECONNREFUSED 127.0.0.1:5432 [ECONNREFUSED]',
  'database_unavailable',
  true,
);
test(sorts, 'failed to ping PostgreSQL: dial tcp: connection refused', 'state_unavailable', true);
test(sorts, 'Get "https://10.0.0.1:6443/api": dial tcp 10.0.0.1:6443: connect: connection refused', 'cluster_unavailable', true);
test(
  sorts,
  'the Kubernetes API server reported that "ns/instance" failed to fully initialize or become live: timed out waiting',
  'pods_not_ready',
  true,
);
test(sorts, 'something new', 'unknown', true);

test('secrets are cut out of the message', (t) => {
  const { message } = classifyError(new Error('at postgres://u:hunter2@h/db'), { diagnostics: [], secrets: ['hunter2', ''] });
  t.is(message, 'at postgres://u:[secret]@h/db');
});

test('a stopped operation is retryable whatever else went wrong', (t) => {
  const failure = { diagnostics: ['exceeded quota'], secrets: [] };
  t.like(classifyError(new Error('x'), { ...failure, stopped: 'cancelled' }), { code: 'cancelled', retryable: true });
  t.like(classifyError(new Error('x'), { ...failure, stopped: 'deadline_exceeded' }), { code: 'deadline_exceeded', retryable: true });
});

test('a bad request is terminal and names its fields, not their values', (t) => {
  const parsed = operationRequestSchema.safeParse({
    kind: 'up',
    spec: { appId: 'Not-An-Id', database: { tier: 'shared', adminPassword: 5 } },
    colour: 'red',
  });
  const error = classifyError(parsed.error, { diagnostics: [], secrets: [] });
  t.like(error, { code: 'invalid_request', retryable: false });
  t.regex(error.message, /spec\.appId: must be app_/);
  t.regex(error.message, /spec\.database\.adminPassword/);
  t.notRegex(error.message, /Not-An-Id/);
});
