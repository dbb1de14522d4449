import test from 'ava';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import type { Commanded } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { Answer, ErrorAnswer, OwnerClient } from '../../support/owner-client.ts';
import {
  activeApplication,
  begin,
  newestJob,
  routeOf,
  selectApplication,
  selectJobs,
  settle,
} from '../../support/provisioned-application.ts';

let api: TestControlApi;
let owner: OwnerClient;
test.before(async () => {
  api = await startControlApi();
  owner = await signUpOwner(api.url);
});
test.after.always(() => api.close());

type Command = 'restart' | 'suspend' | 'resume' | 'restore' | 'delete' | 'destroy' | 'update';

function command<Body = Commanded>(id: string, name: Command): Promise<Answer<Body>> {
  const path = `/control/v1/applications/${id}`;
  if (name === 'delete') return owner.delete(path);
  if (name === 'destroy') return owner.delete(`${path}?permanent=true`);
  if (name === 'update') return owner.patch(path, { config: { mode: 'saas' } });
  return owner.post(`${path}/${name}`, undefined);
}

/** Each state, and the commands that lead to it from an active application; each but the last ends well. */
const states = {
  provisioning: [],
  active: [],
  restarting: ['restart'],
  suspending: ['suspend'],
  suspended: ['suspend', 'settle'],
  deleting: ['delete'],
  deleted: ['delete', 'settle'],
  destroying: ['destroy'],
  'failed to be updated': ['update', 'fail'],
  'failed to be suspended': ['suspend', 'fail'],
  'failed to be deleted': ['delete', 'fail'],
  'failed to be destroyed': ['destroy', 'fail'],
} as const satisfies Record<string, readonly (Command | 'settle' | 'fail')[]>;
type State = keyof typeof states;

async function applicationThatIs(state: State): Promise<string> {
  if (state === 'provisioning') return (await createApplication(owner, await createWorkspace(owner))).body.id;
  const { id } = await activeApplication(api, owner);
  for (const step of states[state]) {
    if (step === 'settle') await settle(api.db, id);
    else if (step === 'fail') await settle(api.db, id, { outcome: 'failed' });
    else await command(id, step);
  }
  return id;
}

const leads = test.macro({
  title: (_title, state: State, name: Command, status: AppStatus) =>
    `${name} of one that is ${state} answers 202, and then it is ${status}`,
  async exec(t, state: State, name: Command, status: AppStatus) {
    const id = await applicationThatIs(state);
    const before = await selectApplication(api.db, id);
    const answer = await command(id, name);
    t.is(answer.status, 202, JSON.stringify(answer.body));
    const job = await newestJob(api.db, id);
    t.like(answer.body, { id, status, operationId: job.id, failure: null });
    t.like(job, { kind: name, status: 'queued', generation: before.generation + 1 });
    t.like(await selectApplication(api.db, id), { status, generation: job.generation, observed_generation: before.observed_generation });
    t.is((await routeOf(api, id)).status, status, 'the proxies know before it is answered');
    const { body } = await owner.get<object>(`/control/v1/applications/${id}/operations/${job.id}`);
    t.like(body, { id: job.id, kind: name, status: 'queued', phase: 'queued' });
  },
});
test(leads, 'active', 'restart', 'restarting');
test(leads, 'restarting', 'restart', 'restarting');
test(leads, 'failed to be updated', 'restart', 'restarting');
test(leads, 'provisioning', 'suspend', 'suspended');
test(leads, 'active', 'suspend', 'suspended');
test(leads, 'restarting', 'suspend', 'suspended');
test(leads, 'failed to be updated', 'suspend', 'suspended');
test(leads, 'suspending', 'resume', 'provisioning');
test(leads, 'suspended', 'resume', 'provisioning');
test(leads, 'failed to be suspended', 'resume', 'provisioning');
test(leads, 'active', 'delete', 'deleting');
test(leads, 'restarting', 'delete', 'deleting');
test(leads, 'suspended', 'destroy', 'deleting');
test(leads, 'failed to be updated', 'delete', 'deleting');
test(leads, 'failed to be deleted', 'delete', 'deleting');
test(leads, 'failed to be destroyed', 'delete', 'deleting');
test(leads, 'failed to be destroyed', 'destroy', 'deleting');
test(leads, 'deleting', 'restore', 'provisioning');
test(leads, 'deleted', 'restore', 'provisioning');
test(leads, 'failed to be deleted', 'restore', 'provisioning');

const refuses = test.macro({
  title: (_title, state: State, name: Command, reason: string) => `${name} of one that is ${state} answers 409: ${reason}`,
  async exec(t, state: State, name: Command, reason: string) {
    const id = await applicationThatIs(state);
    const before = await selectApplication(api.db, id);
    const jobs = await selectJobs(api.db, id);
    const { status, body } = await command<ErrorAnswer>(id, name);
    t.is(status, 409);
    t.is(body.error.code, 'conflict');
    t.deepEqual(body.error.details, { field: 'application', reason });
    t.deepEqual(await selectApplication(api.db, id), before, 'nothing changes');
    t.deepEqual(await selectJobs(api.db, id), jobs);
  },
});
test(refuses, 'provisioning', 'restart', 'is provisioning');
test(refuses, 'suspended', 'restart', 'is suspended');
test(refuses, 'deleting', 'restart', 'is deleting');
test(refuses, 'destroying', 'restart', 'is deleting');
test(refuses, 'failed to be suspended', 'restart', 'failed while it was suspended');
test(refuses, 'deleted', 'suspend', 'is deleting');
test(refuses, 'destroying', 'suspend', 'is deleting');
test(refuses, 'failed to be deleted', 'suspend', 'failed while it was deleted, delete it again');
test(refuses, 'active', 'resume', 'is active');
test(refuses, 'provisioning', 'resume', 'is provisioning');
test(refuses, 'deleted', 'resume', 'is deleting');
test(refuses, 'active', 'restore', 'is active');
test(refuses, 'suspended', 'restore', 'is suspended');
test(refuses, 'destroying', 'restore', 'is deleting');
test(refuses, 'failed to be destroyed', 'restore', 'failed while it was deleted, delete it again');

const repeats = test.macro({
  title: (_title, name: Command) => `${name} asked for again, even at once, changes nothing, and answers 200 without an operation`,
  async exec(t, name: Command) {
    const { id } = await activeApplication(api, owner);
    const answers = await Promise.all([command(id, name), command(id, name), command(id, name)]);
    t.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 202]);
    const before = await selectApplication(api.db, id);
    const { status, body } = await command(id, name);
    t.is(status, 200);
    t.is(body.operationId, null);
    t.deepEqual((await selectApplication(api.db, id)).generation, before.generation);
    t.is((await selectJobs(api.db, id)).length, 2);
  },
});
test(repeats, 'suspend');
test(repeats, 'delete');
test(repeats, 'destroy');

test('each restart is one of its own, told apart by its time', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  const { restarted_at: first } = await selectApplication(api.db, id);
  await command(id, 'restart');
  const { restarted_at: second } = await selectApplication(api.db, id);
  t.true(first !== null && second !== null && second >= first);
  t.deepEqual(
    (await selectJobs(api.db, id)).map(({ status }) => status),
    ['succeeded', 'superseded', 'queued'],
  );
});

const stops = test.macro({
  title: (_title, name: Command) => `${name} asks the operation that runs to stop, and takes its turn after it`,
  async exec(t, name: Command) {
    const { id } = await activeApplication(api, owner);
    await command(id, 'restart');
    await begin(api.db, id);
    t.is((await command(id, name)).status, 202);
    const [, running, next] = await selectJobs(api.db, id);
    t.is(running?.status, 'running');
    t.not(running?.cancel_requested_at, null);
    t.like(next, { kind: name, status: 'queued', cancel_requested_at: null });
  },
});
test(stops, 'suspend');
test(stops, 'delete');
test(stops, 'destroy');

test('an update lets the operation that runs end', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'restart');
  await begin(api.db, id);
  await command(id, 'update');
  t.like((await selectJobs(api.db, id))[1], { status: 'running', cancel_requested_at: null });
});

test('a suspended application keeps its keys, and its route says why it does not answer', async (t) => {
  const { id } = await activeApplication(api, owner);
  await command(id, 'suspend');
  t.like(await routeOf(api, id), { status: 'suspended', internalUrl: null });
  t.is((await routeOf(api, id)).keys.length, 2);
});

test('a command takes no body, and one on an id of another form finds nothing', async (t) => {
  for (const id of ['app_unknown1234', "app_1'%20or%20'1'='1"]) t.is((await command(id, 'restart')).status, 404);
  t.is((await command('%00', 'restart')).status, 400);
});
