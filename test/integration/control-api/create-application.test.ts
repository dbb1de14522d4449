import test from 'ava';
import { hashApiKey } from '../../../services/shared/api-keys.ts';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { routeOf } from '../../support/provisioned-application.ts';
import { takeJob } from '../../support/read-queue.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

test.serial('creating answers 202 with both keys, and writes the row, the keys and the job together', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const { status, body } = await createApplication(owner, workspaceId, { config: { allowedOrigins: ['https://shop.example.com'] } });
  t.is(status, 202);
  t.regex(body.id, /^app_[a-z][a-z0-9]{11}$/);
  t.like(body, {
    ...{ workspaceId, name: 'Web shop', slug: 'web-shop', environment: 'production', region: 'us-east-1', status: 'provisioning' },
    ...{ url: `http://customer.test/v1/${body.id}`, activeAt: null, failure: null },
  });
  t.deepEqual(body.config, appConfigSchema.parse({ allowedOrigins: ['https://shop.example.com'] }));
  t.regex(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.regex(body.publicKey, /^pk_live_[0-9A-Za-z]{43}$/);
  t.regex(body.secretKey, /^sk_live_[0-9A-Za-z]{43}$/);

  const keys = await api.db.selectFrom('api_keys').where('application_id', '=', body.id).selectAll().orderBy('type').execute();
  t.deepEqual(
    keys.map(({ hash, scopes }) => ({ hash, scopes })),
    [
      { hash: hashApiKey(body.publicKey), scopes: [] },
      { hash: hashApiKey(body.secretKey), scopes: ['*'] },
    ],
  );
  t.false(JSON.stringify(keys).includes(body.secretKey));

  const job = await api.db.selectFrom('jobs').where('application_id', '=', body.id).selectAll().executeTakeFirstOrThrow();
  t.like(job, { generation: 1, status: 'queued', attempts: 0 });
  t.deepEqual(await takeJob(api.nats.url), { jobId: job.id, appId: body.id, generation: 1 });

  const route = await routeOf(api, body.id);
  t.like(route, { appId: body.id, status: 'provisioning', revision: 1 });
  t.deepEqual(route.keys.map(({ hash }) => hash).sort(), keys.map(({ hash }) => hash).sort());

  const again = await owner.get<Record<string, unknown>>(`/control/v1/applications/${body.id}`);
  t.is(again.status, 200);
  t.false('secretKey' in again.body || 'publicKey' in again.body);
});

test('an application without a region goes to the first one', async (t) => {
  const { status, body } = await createApplication(owner, await createWorkspace(owner), { region: undefined });
  t.is(status, 202);
  t.is(body.region, 'us-east-1');
});

test('keys say test outside production', async (t) => {
  const { body } = await createApplication(owner, await createWorkspace(owner), { environment: 'staging' });
  t.regex(body.publicKey, /^pk_test_/);
  t.regex(body.secretKey, /^sk_test_/);
});

test('a slug is taken within a workspace only, also by one of two requests at once', async (t) => {
  const [first, second] = [await createWorkspace(owner), await createWorkspace(owner)];
  const answers = await Promise.all([createApplication(owner, first), createApplication(owner, first)]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [202, 409]);
  const refused = answers.find(({ status }) => status === 409)?.body as unknown as { error: object };
  t.like(refused.error, { code: 'conflict', details: { field: 'slug', reason: 'is taken in this workspace' } });
  t.is((await createApplication(owner, second)).status, 202);
});

test('the free plan has three applications, even where they are created at once', async (t) => {
  const workspaceId = await createWorkspace(owner);
  const slugs = ['a', 'b', 'c', 'd', 'e'];
  const answers = await Promise.all(slugs.map((slug) => createApplication(owner, workspaceId, { slug })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [202, 202, 202, 409, 409]);
  const list = await owner.get<{ total: number }>(`/control/v1/workspaces/${workspaceId}/applications`);
  t.is(list.body.total, 3);
});

test('a list is paged, filtered and newest first', async (t) => {
  const workspaceId = await createWorkspace(owner);
  for (const slug of ['one', 'two', 'three'])
    await createApplication(owner, workspaceId, { slug, environment: slug === 'two' ? 'staging' : 'production' });
  const list = async (query: string) => {
    const { body } = await owner.get<{ data: { slug: string }[]; total: number }>(
      `/control/v1/workspaces/${workspaceId}/applications?${query}`,
    );
    return { slugs: body.data.map(({ slug }) => slug), total: body.total };
  };
  t.deepEqual(await list('pageSize=2'), { slugs: ['three', 'two'], total: 3 });
  t.deepEqual(await list('pageSize=2&page=2'), { slugs: ['one'], total: 3 });
  t.deepEqual(await list('environment=staging'), { slugs: ['two'], total: 1 });
  t.deepEqual(await list('status=active'), { slugs: [], total: 0 });
});
