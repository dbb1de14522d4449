import test from 'ava';
import { ControlApiError } from '../../cli/control-client.ts';
import { kubectl, newOwner, platform } from './platform-under-test.ts';

test('bad input is answered with the field, and leaves no application and no namespace', async (t) => {
  const { client, workspaceId } = await newOwner();
  const before = await kubectl(['get', 'namespaces', '--selector', 'authsome.cloud/app-id', '--output', 'name']);
  const good = { name: 'Good', slug: 'good', environment: 'development' };
  const bad = [
    { ...good, name: 'x'.repeat(101) },
    { ...good, slug: 'Not A Slug' },
    { ...good, environment: 'moon' },
    { ...good, region: 'nowhere' },
    { ...good, surprise: true },
  ];
  for (const input of bad) {
    const error = await t.throwsAsync<ControlApiError>(client.createApplication(workspaceId, input), { instanceOf: ControlApiError });
    t.is(error?.status, 400, JSON.stringify(input).slice(0, 80));
    t.is(error?.code, 'invalid_request');
  }
  t.deepEqual(await client.applications(workspaceId), []);
  const after = await kubectl(['get', 'namespaces', '--selector', 'authsome.cloud/app-id', '--output', 'name']);
  t.is(after.stdout, before.stdout);
});

test("another owner's workspace does not exist", async (t) => {
  const [mine, theirs] = await Promise.all([newOwner(), newOwner()]);
  const error = await t.throwsAsync<ControlApiError>(mine.client.applications(theirs.workspaceId), { instanceOf: ControlApiError });
  t.is(error?.status, 404);
});

test('a body that is no JSON is 400 in the error format', async (t) => {
  const response = await fetch(`${platform.controlUrl}/control/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"email":',
  });
  t.is(response.status, 400);
  const { error } = (await response.json()) as { error: { code: string; requestId: string } };
  t.is(error.code, 'invalid_request');
  t.regex(error.requestId, /^req_/);
});
