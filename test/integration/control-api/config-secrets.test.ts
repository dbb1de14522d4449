import test from 'ava';
import type { ApplicationView } from '../../../services/control-api/presenters/present-application.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { dumpDatabase } from '../../support/dump-database.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { Answer, OwnerClient } from '../../support/owner-client.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

/** A secret as it could be written somewhere: as it is, in base64, or in the percent-encoding of a URL. */
const forms = (secret: string): string[] => [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
const secrets = ['smtp hunter2 first', 'smtp hunter2 second', 'google hunter2', 'apple hunter2', 'idp hunter2'];

function assertAbsent(text: string): string[] {
  return secrets.flatMap(forms).filter((form) => text.includes(form));
}

test('secrets are in no table, no answer, no route and no log line, whatever is done with an application', async (t) => {
  const [first, second, google, apple, idp] = secrets as [string, string, string, string, string];
  const workspaceId = await createWorkspace(owner);
  const answers: Answer<unknown>[] = [];
  const config = {
    email: { from: 'a@acme.example', smtp: { host: 'smtp.acme.example', username: 'acme', password: first } },
    emailVerificationRequired: true,
    socialProviders: { google: { clientId: 'google-id', clientSecret: google }, apple: { clientId: 'apple-id', clientSecret: apple } },
    oidcProviders: { idp: { issuer: 'https://idp.acme.example', clientId: 'idp-id', clientSecret: idp } },
  };
  const created = await createApplication(owner, workspaceId, { config });
  t.is(created.status, 202, JSON.stringify(created.body));
  const path = `/control/v1/applications/${created.body.id}`;
  answers.push(created);
  // Refusals too: of a field beside the secrets, of a secret, of a state.
  answers.push(await createApplication(owner, workspaceId, { config, name: 7 }));
  answers.push(await createApplication(owner, workspaceId, { config: { ...config, colour: google } }));
  answers.push(await owner.patch(path, { config: { email: { smtp: { password: second } } } }));
  answers.push(await owner.patch(path, { config: { email: { smtp: { password: second, port: 'x' } } } }));
  answers.push(await owner.patch(path, { config: { email: { smtp: { host: second } } } }));
  answers.push(await owner.get(path));
  answers.push(await owner.get(`/control/v1/workspaces/${workspaceId}/applications`));
  answers.push(await owner.get(`${path}/operations`));
  t.deepEqual(
    answers.map(({ status }) => status),
    [202, 400, 400, 202, 400, 400, 200, 200, 200],
  );

  t.deepEqual(assertAbsent(await dumpDatabase(api.db)), [], 'in a table');
  t.deepEqual(assertAbsent(JSON.stringify(answers)), [], 'in an answer');
  const keys = await api.redis.keys('*');
  const values = await Promise.all(keys.map((key) => api.redis.get(key)));
  t.true(values.some((value) => value?.includes(created.body.id)));
  t.deepEqual(assertAbsent(values.join('\n')), [], 'in Redis');
  t.true(api.lines.length > answers.length);
  t.deepEqual(assertAbsent(api.lines.join('\n')), [], 'in a log line');

  // What is looked for is there, sealed.
  const { body } = await owner.get<ApplicationView>(path);
  t.deepEqual(body.configuredSecrets, [
    'email.smtp.password',
    'oidcProviders.idp.clientSecret',
    'socialProviders.apple.clientSecret',
    'socialProviders.google.clientSecret',
  ]);
  t.false(JSON.stringify(body).includes('v1.'), 'not even sealed');
  const row = await api.db.selectFrom('applications').where('id', '=', body.id).selectAll().executeTakeFirstOrThrow();
  t.is(api.box.open(row.sealed_config_secrets['email.smtp.password'] ?? '', `${body.id} email.smtp.password`), second);
});

test('a failure on our side while secrets are at hand tells none of them', async (t) => {
  const { body } = await createApplication(owner, await createWorkspace(owner), {
    config: { socialProviders: { google: { clientId: 'id', clientSecret: secrets[2] } } },
  });
  // Sealed for another application: it can't be opened.
  const sealed = JSON.stringify({ 'socialProviders.google.clientSecret': api.box.seal(secrets[2] ?? '', 'app_other') });
  await api.db.updateTable('applications').set({ sealed_config_secrets: sealed }).where('id', '=', body.id).execute();
  const answer = await owner.patch(`/control/v1/applications/${body.id}`, { config: { mode: 'saas' } });
  t.is(answer.status, 500);
  t.deepEqual(assertAbsent(JSON.stringify(answer.body) + api.lines.join('\n')), []);
});
