import test from 'ava';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import {
  activeApplication,
  begin,
  endAttempt,
  newestJob,
  selectApplication,
  settle,
  writeEvents,
} from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';
import { runCli, runPlainCli } from './run-cli.ts';
import { startCliTarget } from './start-cli-target.ts';
import type { CliTarget } from './start-cli-target.ts';

let target: CliTarget;
let api: TestControlApi;
let owner: OwnerClient;
let env: Record<string, string>;
test.before(async () => {
  target = await startCliTarget({ streaming: { maxStreamsPerUser: 100 } });
  ({ api, owner } = target);
  env = { ...target.env, AUTHSOME_TOKEN: target.owner.token };
});
test.after.always(() => target.close());

const newApplication = async () => (await activeApplication(api, owner)).id;
const suspended = async () => {
  const id = await newApplication();
  await owner.post(`/control/v1/applications/${id}/suspend`, undefined);
  await settle(api.db, id);
  return id;
};
const deleted = async () => {
  const id = await newApplication();
  await owner.delete(`/control/v1/applications/${id}`);
  await settle(api.db, id);
  return id;
};

/** Runs a command, and ends the operation that it asks for once it is there, as the provisioner would. */
async function whileProvisioned(id: string, args: readonly string[], outcome: 'succeeded' | 'failed' = 'succeeded') {
  const { generation } = await selectApplication(api.db, id);
  const running = runCli(args, env);
  await waitFor(`the operation of ${args.join(' ')}`, async () => (await selectApplication(api.db, id)).generation > generation);
  // Whoever does not wait for the operation has answered by now.
  const early = await Promise.race([running.then(() => true), new Promise<false>((resolve) => setTimeout(() => resolve(false), 700))]);
  await settle(api.db, id, { outcome });
  return { early, ...(await running) };
}

const waits = test.macro({
  title: (_title, name: string) => `tenant ${name} waits until it is done`,
  async exec(t, name: string, from: () => Promise<string>, status: string) {
    const id = await from();
    const { early, exitCode, json, all } = await whileProvisioned(id, ['tenant', name, id]);
    t.is(exitCode, 0, all);
    t.false(early);
    t.like(json, { id, status, operationId: (await newestJob(api.db, id)).id });
  },
});
test.serial(waits, 'restart', newApplication, 'active');
test.serial(waits, 'suspend', newApplication, 'suspended');
test.serial(waits, 'resume', suspended, 'active');
test.serial(waits, 'restore', deleted, 'active');

const tellsFailure = test.macro({
  title: (_title, name: string) => `tenant ${name} that failed exits 1 with the platform's reason`,
  async exec(t, name: string, from: () => Promise<string>) {
    const id = await from();
    const { exitCode, all } = await whileProvisioned(id, ['tenant', ...name.split(' '), id], 'failed');
    t.is(exitCode, 1);
    t.regex(all, /pods_not_ready They are not\./);
  },
});
test.serial(tellsFailure, 'restart', newApplication);
test.serial(tellsFailure, 'suspend', newApplication);
test.serial(tellsFailure, 'restore', deleted);
test.serial(tellsFailure, 'delete', newApplication);
test.serial(tellsFailure, 'delete --now', newApplication);

test.serial('with --no-wait nothing is waited for', async (t) => {
  const id = await newApplication();
  const { exitCode, json } = await runCli(['tenant', 'suspend', id, '--no-wait'], env);
  t.is(exitCode, 0);
  t.like(json, { id, status: 'suspended' });
  t.is((await newestJob(api.db, id)).status, 'queued');
});

test.serial('tenant delete takes it down and says until when it can be restored', async (t) => {
  const id = await newApplication();
  const { early, exitCode, json, all } = await whileProvisioned(id, ['tenant', 'delete', id]);
  t.is(exitCode, 0, all);
  t.false(early);
  const { destroy_after: destroyAfter, desired } = await selectApplication(api.db, id);
  t.is(desired, 'suspended');
  t.like(json, { id, status: 'deleting', destroyAfter: destroyAfter?.toISOString() });
  const again = await runPlainCli(['tenant', 'delete', id], env);
  t.true(again.all.includes(`tenant restore ${id} brings it back until ${destroyAfter?.toISOString()}`), again.all);
});

test.serial('tenant delete --now is for good, and waits until it is gone', async (t) => {
  const id = await newApplication();
  const { early, exitCode, json, all } = await whileProvisioned(id, ['tenant', 'delete', id, '--now']);
  t.is(exitCode, 0, all);
  t.false(early);
  t.like(json, { id, status: 'deleted', destroyAfter: null });
  t.is((await selectApplication(api.db, id)).status, 'deleted');
});

test.serial('tenant delete of one that never ran waits until it is gone', async (t) => {
  const { body } = await createApplication(owner, await createWorkspace(owner));
  const { exitCode, json } = await whileProvisioned(body.id, ['tenant', 'delete', body.id]);
  t.is(exitCode, 0);
  t.like(json, { status: 'deleted' });
});

test.serial('a wait for what will not come ends at once, saying where it is instead', async (t) => {
  const id = await newApplication();
  const running = runCli(['tenant', 'restart', id], env);
  await waitFor('the restart', async () => (await selectApplication(api.db, id)).status === 'restarting');
  await owner.post(`/control/v1/applications/${id}/suspend`, undefined);
  const { exitCode, all } = await running;
  t.is(exitCode, 1);
  t.regex(all, /is suspended, and will not be active by itself/);
});

test.serial('tenant operations lists what was asked of it, and cancel stops one', async (t) => {
  const id = await newApplication();
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const job = await newestJob(api.db, id);
  const cancelled = await runCli(['tenant', 'cancel', id, job.id], env);
  t.is(cancelled.exitCode, 0, cancelled.all);
  t.like(cancelled.json, { id: job.id, status: 'cancelled' });
  const { all } = await runPlainCli(['tenant', 'operations', id], env);
  t.regex(all, new RegExp(`${job.id} +restart +cancelled`));
  t.regex(all, /provision +succeeded/);
  const again = await runCli(['tenant', 'cancel', id, job.id], env);
  t.is(again.exitCode, 1);
  t.regex(again.all, /409 conflict.*is cancelled/);
});

test.serial('tenant watch tells an operation in lines where there is no terminal, and exits 0 once it succeeded', async (t) => {
  const id = await newApplication();
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const job = await newestJob(api.db, id);
  const watching = runPlainCli(['tenant', 'watch', id], env);
  const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  const phases = [{ name: 'queued', startedAt: time(0), endedAt: time(2) }];
  const attempt = await begin(api.db, id, { phases });
  await writeEvents(api.db, attempt, { first: 1, names: ['a', 'b'] });
  await endAttempt(api.db, attempt);
  await settle(api.db, id);
  const { exitCode, all } = await watching;
  t.is(exitCode, 0, all);
  t.regex(all, /queued +2\.00 s/);
  t.regex(all, /restart succeeded/);
  t.regex(all, /2 created/);
  t.regex(all, new RegExp(`${job.id} succeeded after`));
});

test.serial('tenant watch of one that failed exits 1, naming error and remedy', async (t) => {
  const id = await newApplication();
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const job = await newestJob(api.db, id);
  await settle(api.db, id, { outcome: 'failed' });
  const error = { code: 'pods_not_ready', message: 'They are not.', remedy: 'Look at their logs.' };
  await api.db
    .updateTable('jobs')
    .set({ error: JSON.stringify(error) })
    .where('id', '=', job.id)
    .execute();
  // A newer one: it is named which is meant.
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const { exitCode, all } = await runPlainCli(['tenant', 'watch', id, job.id], env);
  t.is(exitCode, 1);
  t.regex(all, /pods_not_ready: They are not\.\nLook at their logs\./);
  const inJson = await runCli(['tenant', 'watch', id, job.id], env);
  t.is(inJson.exitCode, 1);
  t.like(inJson.json, { id: job.id, status: 'failed', error });
});

test.serial('tenant watch tells an unknown operation as the control API does', async (t) => {
  const { exitCode, all } = await runCli(['tenant', 'watch', await newApplication(), 'job_unknown1234'], env);
  t.is(exitCode, 1);
  t.regex(all, /404 not_found/);
});
