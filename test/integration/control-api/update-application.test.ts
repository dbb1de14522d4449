import test from 'ava';
import type { ApplicationView } from '../../../services/control-api/presenters/present-application.ts';
import type { AppConfig } from '../../../services/shared/app-config.ts';
import { openConfig } from '../../../services/shared/config-secrets.ts';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { request, signUpOwner } from '../../support/owner-client.ts';
import type { ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import { routeOf } from '../../support/provisioned-application.ts';
import { takeJob } from '../../support/read-queue.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

const email = { from: 'Acme <a@acme.example>', smtp: { host: 'smtp.acme.example', username: 'acme', password: 'smtp-password' } };
const google = { clientId: 'google-id', clientSecret: 'google-secret' };
const idp = { issuer: 'https://idp.acme.example', clientId: 'idp-id', clientSecret: 'idp-secret' };

const update = <Body = ApplicationView>(id: string, change: unknown) => owner.patch<Body>(`/control/v1/applications/${id}`, change);
const selectApplication = (id: string) => api.db.selectFrom('applications').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const selectJobs = (id: string) => api.db.selectFrom('jobs').where('application_id', '=', id).selectAll().orderBy('generation').execute();

/** A new application, and then what the provisioner would have written. */
async function application(
  config: object = {},
  written: { status?: AppStatus; desired?: 'suspended'; serving?: boolean } = { status: 'active' },
): Promise<string> {
  const { status, body } = await createApplication(owner, await createWorkspace(owner), { config });
  if (status !== 202) throw new Error(`creating an application answered ${status}: ${JSON.stringify(body)}`);
  await api.db.updateTable('jobs').set({ status: 'succeeded' }).where('application_id', '=', body.id).execute();
  await api.db
    .updateTable('applications')
    .set({ observed_generation: 1, internal_url: 'http://instance', serving: true, ...written })
    .where('id', '=', body.id)
    .execute();
  return body.id;
}

/** The whole configuration that is stored, with its secrets. */
async function storedConfig(id: string): Promise<AppConfig> {
  const { config, sealed_config_secrets: sealedSecrets } = await selectApplication(id);
  return openConfig({ settings: config, sealedSecrets }, { box: api.box, appId: id }) as AppConfig;
}

test.serial('a change of the configuration answers 202, and writes generation, job and route together', async (t) => {
  const id = await application();
  while ((await takeJob(api.nats.url, 1_000)) !== null);
  const { status, body } = await update(id, { config: { sessionTimeoutSeconds: 600, email } });
  t.is(status, 202);
  t.like(body, {
    status: 'updating',
    configuredSecrets: ['email.smtp.password'],
    config: { sessionTimeoutSeconds: 600, mode: 'standalone' },
  });
  t.like(await selectApplication(id), { status: 'updating', generation: 2, observed_generation: 1, revision: 2, failure: null });

  const [, job] = await selectJobs(id);
  t.like(job, { status: 'queued', generation: 2 });
  t.deepEqual(await takeJob(api.nats.url), { jobId: job?.id, appId: id, generation: 2 });
  const route = await routeOf(api, id);
  t.like(route, { status: 'updating', revision: 2, internalUrl: 'http://instance' });
});

test('a patch merges: what it does not name stays, null removes', async (t) => {
  const id = await application({ allowedOrigins: ['https://a.example'], email, socialProviders: { google }, oidcProviders: { idp } });
  const { status, body } = await update(id, {
    config: {
      mode: 'saas',
      email: { smtp: { port: 465 } },
      socialProviders: { google: null, github: google },
      oidcProviders: { idp: null },
    },
  });
  t.is(status, 202);
  t.deepEqual(body.configuredSecrets, ['email.smtp.password', 'socialProviders.github.clientSecret']);
  t.deepEqual<unknown, unknown>(await storedConfig(id), {
    ...{ sessionTimeoutSeconds: 604_800, allowedOrigins: ['https://a.example'], emailVerificationRequired: false, mode: 'saas' },
    email: { ...email, smtp: { ...email.smtp, port: 465 } },
    ...{ socialProviders: { github: google }, oidcProviders: {} },
  });
});

test('a secret that is not given stays, one that is given is replaced, and null removes it', async (t) => {
  const id = await application({ email, socialProviders: { google } });
  await update(id, { config: { email: { smtp: { username: 'other' } }, socialProviders: { google: { clientId: 'new-id' } } } });
  t.like(await storedConfig(id), {
    email: { smtp: { username: 'other', password: 'smtp-password' } },
    socialProviders: { google: { clientId: 'new-id', clientSecret: 'google-secret' } },
  });
  await update(id, { config: { email: { smtp: { password: null } }, socialProviders: { google: { clientSecret: 'rotated' } } } });
  const config = await storedConfig(id);
  t.false('password' in (config.email?.smtp ?? {}));
  t.is(config.socialProviders.google?.clientSecret, 'rotated');
});

test('what was answered can be sent back as it is, and then nothing changes', async (t) => {
  const id = await application({ email, socialProviders: { google }, oidcProviders: { idp } });
  const { body: shown } = await owner.get<ApplicationView>(`/control/v1/applications/${id}`);
  const before = await selectApplication(id);
  const { status, body } = await update(id, { config: shown.config });
  t.is(status, 200);
  t.deepEqual(body, shown);
  t.deepEqual(await selectApplication(id), before);
  t.is((await selectJobs(id)).length, 1);
});

test('a change of the name alone makes no job and no new route', async (t) => {
  const id = await application();
  const { status, body } = await update(id, { name: 'Another' });
  t.is(status, 200);
  t.like(body, { name: 'Another', status: 'active' });
  t.like(await selectApplication(id), { name: 'Another', generation: 1, revision: 1 });
  t.is((await selectJobs(id)).length, 1);
});

test('name and configuration change together or not at all', async (t) => {
  const id = await application();
  t.is((await update(id, { name: 'Another', config: { mode: 'none' } })).status, 400);
  t.is((await selectApplication(id)).name, 'Web shop');
  t.like((await update(id, { name: 'Another', config: { mode: 'saas' } })).body, { name: 'Another', config: { mode: 'saas' } });
});

test('a change while another one is queued supersedes it: one job is left, for the newest configuration', async (t) => {
  const id = await application({}, { status: 'active' });
  await update(id, { config: { mode: 'saas' } });
  const { status } = await update(id, { config: { sessionTimeoutSeconds: 900 } });
  t.is(status, 202);
  t.deepEqual(
    (await selectJobs(id)).map((job) => [job.generation, job.status]),
    [
      [1, 'succeeded'],
      [2, 'superseded'],
      [3, 'queued'],
    ],
  );
  t.like(await storedConfig(id), { mode: 'saas', sessionTimeoutSeconds: 900 });
});

test('a change while another one runs leaves that one running, and has a job of its own', async (t) => {
  const id = await application();
  await update(id, { config: { mode: 'saas' } });
  await api.db.updateTable('jobs').set({ status: 'running' }).where('application_id', '=', id).where('generation', '=', 2).execute();
  t.is((await update(id, { config: { sessionTimeoutSeconds: 900 } })).status, 202);
  t.deepEqual(
    (await selectJobs(id)).map((job) => job.status),
    ['succeeded', 'running', 'queued'],
  );
});

test('what has never run is still being provisioned when it is changed', async (t) => {
  const { body } = await createApplication(owner, await createWorkspace(owner));
  const answer = await update(body.id, { config: { mode: 'saas' } });
  t.is(answer.status, 202);
  t.is(answer.body.status, 'provisioning');
  t.deepEqual(
    (await selectJobs(body.id)).map((job) => job.status),
    ['superseded', 'queued'],
  );
});

test('changes at once are all kept', async (t) => {
  const id = await application();
  const changes = [{ mode: 'saas' }, { sessionTimeoutSeconds: 900 }, { allowedOrigins: ['https://a.example'] }, { email }];
  const answers = await Promise.all(changes.map((config) => update(id, { config })));
  t.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202, 202],
  );
  t.like(await storedConfig(id), { mode: 'saas', sessionTimeoutSeconds: 900, allowedOrigins: ['https://a.example'], email });
  t.is((await selectApplication(id)).generation, 5);
  t.is((await selectJobs(id)).filter((job) => job.status === 'queued').length, 1);
});

test('a failed application is tried again by a change, and by one that changes nothing', async (t) => {
  const id = await application({ mode: 'saas' }, { status: 'failed' });
  const { status, body } = await update(id, { config: {} });
  t.is(status, 202);
  t.like(body, { status: 'updating', failure: null });
  t.is((await selectJobs(id)).length, 2);
});

const allowedIn = test.macro({
  title: (what) => `a configuration is changed while the application is ${what ?? ''}`,
  async exec(t, written: Parameters<typeof application>[1], expected: AppStatus) {
    const id = await application({}, written);
    const { status, body } = await update(id, { config: { mode: 'saas' } });
    t.is(status, 202);
    t.is(body.status, expected);
    t.like((await selectJobs(id)).at(-1), { kind: 'update', status: 'queued', generation: 2 });
  },
});
test('suspended, and it stays so', allowedIn, { status: 'suspended', desired: 'suspended', serving: false }, 'suspended');
test('restarting', allowedIn, { status: 'restarting' }, 'updating');
test('failed', allowedIn, { status: 'failed' }, 'updating');

const refusedAfter = test.macro({
  title: (what) => `an application ${what ?? ''} can not be brought back by a change, and the answer says so`,
  async exec(t, query: string) {
    const id = await application();
    await owner.delete(`/control/v1/applications/${id}${query}`);
    const before = await selectApplication(id);
    for (const change of [{ name: 'Alive' }, { config: { mode: 'saas' } }]) {
      const { status, body } = await update<ErrorAnswer>(id, change);
      t.is(status, 409);
      t.deepEqual(body.error.details, { field: 'application', reason: 'is deleting' });
    }
    t.deepEqual(await selectApplication(id), before);

    await api.db.updateTable('applications').set({ status: 'failed' }).where('id', '=', id).execute();
    const { status, body } = await update<ErrorAnswer>(id, { config: {} });
    t.is(status, 409);
    t.is(body.error.details?.reason, 'failed while it was deleted, delete it again');
    t.like(await selectApplication(id), { desired: before.desired, status: 'failed' });
  },
});
test('that is deleted', refusedAfter, '');
test('that is being destroyed', refusedAfter, '?permanent=true');

test('a deletion keeps the secrets of the configuration for a restore, and a permanent one removes them', async (t) => {
  const id = await application({ email, socialProviders: { google } });
  await owner.delete(`/control/v1/applications/${id}`);
  t.like(await storedConfig(id), { email, socialProviders: { google } });
  await owner.delete(`/control/v1/applications/${id}?permanent=true`);
  t.deepEqual((await selectApplication(id)).sealed_config_secrets, {});
});

const asksAgain = test.macro({
  title: (what) => `a stored secret is not sent elsewhere: ${what ?? ''}`,
  async exec(t, config: object, field: string) {
    const id = await application({ email, oidcProviders: { idp } });
    const before = await selectApplication(id);
    const { status, body } = await update<ErrorAnswer>(id, { config });
    t.is(status, 400);
    t.is(body.error.details?.field, field);
    t.regex(body.error.details?.reason ?? '', /must be given again/);
    t.deepEqual(await selectApplication(id), before);
  },
});
test('another mail server', asksAgain, { email: { smtp: { host: 'smtp.evil.example' } } }, 'config.email.smtp.password');
test('another issuer', asksAgain, { oidcProviders: { idp: { issuer: 'https://evil.example' } } }, 'config.oidcProviders.idp.clientSecret');

test('a destination changes with the secret given again, or removed', async (t) => {
  const id = await application({ email, oidcProviders: { idp } });
  const moved = {
    email: { smtp: { host: 'smtp.other.example', password: null } },
    oidcProviders: { idp: { issuer: 'https://o.example', clientSecret: 'again' } },
  };
  t.is((await update(id, { config: moved })).status, 202);
  t.like(await storedConfig(id), { oidcProviders: { idp: { issuer: 'https://o.example', clientSecret: 'again' } } });
  t.is((await update(id, { config: { email: null } })).status, 202, 'removing email as a whole needs no password');
});

const refuses = test.macro({
  title: (what) => `a change is refused: ${what ?? ''}`,
  async exec(t, change: unknown, field: string) {
    const id = await application({ email, emailVerificationRequired: true });
    const before = await selectApplication(id);
    const { status, body } = await update<ErrorAnswer>(id, change);
    t.is(status, 400, JSON.stringify(body));
    t.is(body.error.code, 'invalid_request');
    t.is(body.error.details?.field, field);
    t.false(JSON.stringify(body).includes('hunter2'), 'a secret is never repeated');
    t.deepEqual(await selectApplication(id), before, 'nothing is left behind');
    t.is((await selectJobs(id)).length, 1);
  },
});
test('nothing at all', refuses, {}, 'body');
test('a list', refuses, [], 'body');
test('an unknown field', refuses, { plan: 'pro' }, 'plan');
test('a field that can not change', refuses, { region: 'eu-west-1' }, 'region');
test('its database tier', refuses, { databaseTier: 'dedicated' }, 'databaseTier');
test('an empty name', refuses, { name: ' ' }, 'name');
test('a name that is null', refuses, { name: null }, 'name');
test('an over-long name', refuses, { name: 'n'.repeat(101) }, 'name');
test('a configuration that is a list', refuses, { config: [] }, 'config');
test('a configuration that is a text', refuses, { config: '{}' }, 'config');
test('a configuration that is null', refuses, { config: null }, 'config');
test('an unknown setting', refuses, { config: { colour: 'red' } }, 'config.colour');
test('a prototype', refuses, JSON.parse('{"config":{"__proto__":{"mode":"saas"}}}'), 'config.__proto__');
test('a setting of the wrong type', refuses, { config: { sessionTimeoutSeconds: '600' } }, 'config.sessionTimeoutSeconds');
test('an object where a text belongs', refuses, { config: { email: { from: { a: 1 } } } }, 'config.email.from');
test('removing the email that verification needs', refuses, { config: { email: null } }, 'config.emailVerificationRequired');
test('removing a part that is needed', refuses, { config: { email: { smtp: { host: null } } } }, 'config.email.smtp.host');
test('a secret outside of its place', refuses, { config: { email: { password: 'hunter2' } } }, 'config.email.password');
test(
  'a secret in the place of its provider',
  refuses,
  { config: { socialProviders: { google: 'hunter2' } } },
  'config.socialProviders.google',
);
test(
  'a shown mark instead of a secret',
  refuses,
  { config: { email: { smtp: { password: { configured: true } } } } },
  'config.email.smtp.password',
);
test(
  'an over-long secret',
  refuses,
  { config: { email: { smtp: { password: `hunter2${'x'.repeat(1_024)}` } } } },
  'config.email.smtp.password',
);
test(
  'a new provider without its secret',
  refuses,
  { config: { socialProviders: { google: { clientId: 'id' } } } },
  'config.socialProviders.google.clientSecret',
);
test(
  'eleven providers',
  refuses,
  { config: { oidcProviders: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`idp-${index}`, idp])) } },
  'config.oidcProviders',
);

test('a change is refused: nested as deep as a body can be', async (t) => {
  const id = await application();
  for (const depth of [100, 1_000, 10_000]) {
    const raw = `{"config":{"email":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}}`;
    const { status, body } = await request(api.url, { method: 'PATCH', path: `/control/v1/applications/${id}`, token: owner.token, raw });
    t.is(status, 400);
    t.is(body.error.code, 'invalid_request');
  }
});
