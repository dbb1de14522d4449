import test from 'ava';
import type { OperationRequestInput } from '../../../stacks/operation-protocol.ts';
import { createPulumiFixture, uniqueName } from '../plugins/pulumi-fixture.ts';
import type { PulumiFixture } from '../plugins/pulumi-fixture.ts';
import { startOperation } from './operation-process.ts';

let fixture: PulumiFixture;
test.before(async () => {
  fixture = await createPulumiFixture();
});
test.after.always(() => fixture.cleanUp());

function request(kind: OperationRequestInput['kind']): OperationRequestInput {
  const { host, port, adminUser, adminPassword } = fixture.server;
  return {
    kind,
    spec: {
      appId: `app_${uniqueName('')}`,
      plan: 'free',
      environment: 'production',
      region: 'us-east-1',
      publicUrl: 'http://api.test/v1/app',
      images: { instance: 'none', redis: 'none' },
      database: { tier: 'shared', host, port, adminUser, adminPassword },
      cluster: { systemNamespace: 'authsome-system' },
    },
  };
}

for (const takeover of [false, true])
  // One after the other: a takeover kills whatever else works on the same stack.
  test.serial(`destroying a stack that was never made succeeds and does nothing${takeover ? ', also when taking over' : ''}`, async (t) => {
    const { code, last } = await startOperation(fixture.environment, { ...request('destroy'), takeover }).ended;
    t.is(code, 0);
    t.deepEqual(last, { type: 'result', outputs: null, counts: {} });
  });

test('a look for drift at a stack that was never made finds none', async (t) => {
  const { code, last } = await startOperation(fixture.environment, request('drift')).ended;
  t.is(code, 0);
  t.deepEqual(last, { type: 'result', outputs: null, counts: {}, drift: [] });
});

test('a request that is no JSON, and one with bad fields, end in a terminal error', async (t) => {
  const broken = await startOperation(fixture.environment, '{"kind": "up", "secret').ended;
  t.is(broken.code, 1);
  t.like(broken.last, { type: 'error', code: 'invalid_request', retryable: false, message: 'request: must be one line of JSON' });
  const wrong = await startOperation(fixture.environment, JSON.stringify({ kind: 'explode', spec: {} })).ended;
  t.is(wrong.code, 1);
  t.like(wrong.last, { type: 'error', code: 'invalid_request', retryable: false });
  const unstorable = { ...request('up'), spec: { ...request('up').spec, config: { email: { from: 'a\0@b.example' } } } };
  const { last } = await startOperation(fixture.environment, JSON.stringify(unstorable)).ended;
  t.like(last, { type: 'error', code: 'invalid_request', message: 'spec.config.email.from: must not contain U+0000' });
});

test('missing environment is named', async (t) => {
  const { code, last } = await startOperation({ ...fixture.environment, PULUMI_CONFIG_PASSPHRASE: '' }, request('up')).ended;
  t.is(code, 1);
  t.regex(last?.type === 'error' ? last.message : '', /PULUMI_CONFIG_PASSPHRASE/);
});

test('a parent that goes away before its request cancels the operation', async (t) => {
  const operation = startOperation(fixture.environment, undefined);
  operation.child.stdin?.end();
  const { code, last } = await operation.ended;
  t.is(code, 1);
  t.like(last, { type: 'error', code: 'cancelled', retryable: true });
});

test('a state database that can’t be reached is retryable and says so, without its password', async (t) => {
  const backend = new URL(fixture.backendUrl);
  backend.port = '1';
  const { code, last } = await startOperation({ ...fixture.environment, PULUMI_BACKEND_URL: backend.href }, request('up')).ended;
  t.is(code, 1);
  t.like(last, { type: 'error', code: 'state_unavailable', retryable: true });
  t.false(JSON.stringify(last).includes(backend.password));
});

test('a missing plugin is terminal and says so', async (t) => {
  const operation = startOperation(fixture.environment, request('up'));
  const { code, last } = await operation.ended;
  t.is(code, 1);
  t.like(last, { type: 'error', code: 'plugin_missing', retryable: false });
});
