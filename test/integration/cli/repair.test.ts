import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { SweepFinding } from '../../../services/shared/db/tables.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import type { OwnerClient } from '../../support/owner-client.ts';
import { activeApplication, begin, newestJob, settle } from '../../support/provisioned-application.ts';
import { waitFor } from '../../support/wait-for.ts';
import { runCli, runPlainCli } from './run-cli.ts';
import { startCliTarget } from './start-cli-target.ts';
import type { CliTarget } from './start-cli-target.ts';

const operatorToken = randomBytes(32).toString('base64url');
let target: CliTarget;
let api: TestControlApi;
let owner: OwnerClient;
let env: Record<string, string>;
test.before(async () => {
  target = await startCliTarget({ operatorToken });
  ({ api, owner } = target);
  env = { ...target.env, AUTHSOME_OPERATOR_TOKEN: operatorToken };
});
test.after.always(() => target.close());

async function failedApplication(): Promise<string> {
  const { id } = await activeApplication(api, owner);
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  await settle(api.db, id, { outcome: 'failed' });
  return id;
}

test.serial('repair list exits 0 where nothing is wrong, and 1 where something is, with the cause', async (t) => {
  t.is((await runPlainCli(['repair', 'list'], env)).exitCode, 0);
  const id = await failedApplication();
  const plain = await runPlainCli(['repair', 'list'], env);
  t.is(plain.exitCode, 1);
  t.regex(plain.all, new RegExp(`${id} +Web shop +failed .*pods_not_ready: They are not`));
  const { json, all } = await runCli(['repair', 'list'], env);
  t.like((json as object[])[0], { applicationId: id, problem: 'failed' });
  t.false(all.includes(operatorToken));
});

test.serial('repair show tells an application with its attempts and workers', async (t) => {
  const { id } = await activeApplication(api, owner);
  await owner.post(`/control/v1/applications/${id}/restart`, undefined);
  const attempt = await begin(api.db, id, { worker: 'provisioner-7' });
  const { exitCode, all } = await runPlainCli(['repair', 'show', id], env);
  t.is(exitCode, 0, all);
  t.regex(all, new RegExp(`${attempt} +running +provisioner-7 +starting`));
  t.regex(all, /status +restarting/);
});

test.serial('repair retry begins the operation, and tells what can not be retried', async (t) => {
  const id = await failedApplication();
  const { exitCode, json } = await runCli(['repair', 'retry', id], env);
  t.is(exitCode, 0);
  t.deepEqual(json, { id, status: 'updating', operationId: (await newestJob(api.db, id)).id });
  const again = await runCli(['repair', 'retry', id], env);
  t.is(again.exitCode, 1);
  t.regex(again.all, /409 conflict.*is updating/);
});

/** Ends the sweep that a command asks for, as the provisioner's leader would. */
async function whileSwept(args: readonly string[], result: { findings?: SweepFinding[]; error?: string }) {
  await api.db.deleteFrom('sweeps').execute();
  const running = runCli(args, env);
  const sweep = await waitFor('the sweep', () => api.db.selectFrom('sweeps').selectAll().executeTakeFirst());
  await api.db
    .updateTable('sweeps')
    .set({
      ...{ status: result.error === undefined ? 'finished' : 'failed', error: result.error ?? null },
      ...{ findings: JSON.stringify(result.findings ?? []), finished_at: new Date() },
    })
    .where('id', '=', sweep.id)
    .execute();
  return { sweep, ...(await running) };
}

test.serial('repair sweep waits for its findings, repairs nothing, and exits 1 where there are any', async (t) => {
  const clean = await whileSwept(['repair', 'sweep'], {});
  t.is(clean.exitCode, 0, clean.all);
  t.false(clean.sweep.repair);
  const findings: SweepFinding[] = [{ kind: 'stack', name: 'x', applicationId: 'app_x', problem: 'orphan', outcome: null }];
  const { exitCode, json } = await whileSwept(['repair', 'sweep'], { findings });
  t.is(exitCode, 1);
  t.like(json, { findings, repairs: [] });
});

test.serial('repair sweep --fix has orphans removed, and each application that lacks something repaired once', async (t) => {
  const { id } = await activeApplication(api, owner);
  const findings: SweepFinding[] = [
    { kind: 'namespace', name: 'authsome-app-x', applicationId: 'app_unknown1234', problem: 'orphan', outcome: 'removed' },
    { kind: 'database', name: 'authsome_app_a', applicationId: id, problem: 'missing', outcome: null },
    { kind: 'role', name: 'app_a_user', applicationId: id, problem: 'missing', outcome: null },
  ];
  const { exitCode, json, sweep, all } = await whileSwept(['repair', 'sweep', '--fix'], { findings });
  t.is(exitCode, 0, all);
  t.true(sweep.repair);
  const job = await newestJob(api.db, id);
  t.is(job.kind, 'repair');
  t.like(json, { repairs: [{ applicationId: id, operationId: job.id, error: null }] });
});

test.serial('repair sweep --fix goes on where one can not be repaired, and exits 1', async (t) => {
  const { id } = await activeApplication(api, owner);
  const missing = { kind: 'route', name: 'r', problem: 'missing', outcome: null } as const;
  const findings: SweepFinding[] = [
    { ...missing, applicationId: 'app_unknown1234' },
    { ...missing, applicationId: id },
  ];
  const { exitCode, json } = await whileSwept(['repair', 'sweep', '--fix'], { findings });
  t.is(exitCode, 1);
  const { repairs } = json as { repairs: { applicationId: string; error: string | null }[] };
  t.regex(repairs[0]?.error ?? '', /404 not_found/);
  t.is((await newestJob(api.db, id)).kind, 'repair');
});

test.serial('a sweep that failed, and one while another is open, are told', async (t) => {
  const failed = await whileSwept(['repair', 'sweep'], { error: 'the cluster does not answer' });
  t.is(failed.exitCode, 1);
  t.regex(failed.all, /the cluster does not answer/);
  await api.db.updateTable('sweeps').set({ status: 'running' }).execute();
  const refused = await runCli(['repair', 'sweep'], env);
  t.is(refused.exitCode, 1);
  t.true(refused.all.includes(`${failed.sweep.id} is running`));
});

test.serial('repair drift lists changes, and --fix has one application repaired', async (t) => {
  t.is((await runPlainCli(['repair', 'drift'], env)).exitCode, 0);
  const { id } = await activeApplication(api, owner);
  const changes = [{ change: 'update', resourceType: 'Deployment', resourceName: 'instance', fields: ['spec.replicas'] }];
  await api.db
    .insertInto('drift_reports')
    .values({ application_id: id, generation: 1, changes: JSON.stringify(changes) })
    .execute();
  const { exitCode, all } = await runPlainCli(['repair', 'drift'], env);
  t.is(exitCode, 1);
  t.regex(all, new RegExp(`${id} .*update +Deployment instance +spec.replicas`));
  t.is((await runCli(['repair', 'drift', '--fix', id], env)).exitCode, 0);
  t.is((await newestJob(api.db, id)).kind, 'repair');
});

test.serial('repair deletion shows the proof of a deletion', async (t) => {
  const { id, workspaceId } = await activeApplication(api, owner);
  const things = JSON.stringify([{ kind: 'namespace', name: 'authsome-app-x' }]);
  await api.db
    .insertInto('deletion_records')
    .values({ application_id: id, workspace_id: workspaceId, name: 'Web shop', slug: 'web-shop', removed: things, verified: things })
    .execute();
  const { exitCode, all } = await runPlainCli(['repair', 'deletion', id], env);
  t.is(exitCode, 0, all);
  t.regex(all, /removed +namespace +authsome-app-x/);
  t.regex(all, /looked for and not found +namespace +authsome-app-x/);
});
