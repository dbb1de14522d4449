import test from 'ava';
import { waitUntilAtRest } from '../../cli/application-readiness.ts';
import { readEvents } from '../../cli/watch/read-events.ts';
import { waitFor } from '../../cli/wait-for.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { callApplication, deleteApplication, kubectl, newApplication, newOwner, unique } from './platform-under-test.ts';
import type { Owner } from './platform-under-test.ts';

const password = 'correct horse battery staple';

/** An application with a user, to see whether its data were kept. */
async function applicationWithUser(owner: Owner) {
  const application = await newApplication(owner);
  const email = `${unique()}@example.com`;
  const call = (path: string) => callApplication(application.id, path, { key: application.publicKey, body: { email, password } });
  await call('/auth/signup');
  return { ...application, signIn: () => call('/auth/signin') };
}

/** The proxies hear of a change in a moment, not in the same one. */
const answers = (call: () => Promise<{ status: number; body: unknown }>, status: number) =>
  waitFor(
    `an answer ${status}`,
    async () => {
      const answer = await call();
      return answer.status === status ? answer : undefined;
    },
    { timeoutMs: 15_000 },
  );

test('a suspended application answers nobody, runs nothing and loses nothing', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id, signIn } = await applicationWithUser(owner);
  try {
    await owner.client.command(id, 'suspend');
    t.like((await answers(signIn, 503)).body, { error: { code: 'service_unavailable', details: { reason: 'suspended' } } });
    await waitUntilAtRest(owner.client, id, { status: 'suspended' });
    t.is((await instancePods(id)).length, 0);

    await owner.client.command(id, 'resume');
    await waitUntilAtRest(owner.client, id, { status: 'active' });
    t.is((await answers(signIn, 200)).status, 200);
  } finally {
    await deleteApplication(owner, id);
  }
});

test('a deleted application is gone for callers, and comes back whole when it is restored', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id, signIn } = await applicationWithUser(owner);
  try {
    const deleted = await owner.client.deleteApplication(id);
    t.true(Date.parse(deleted.destroyAfter ?? '') > Date.now() + 6 * 24 * 3_600_000);
    // Its keys are off, so nobody is told that it was there.
    await answers(signIn, 401);
    await waitUntilAtRest(owner.client, id, { status: 'deleting' });

    await owner.client.command(id, 'restore');
    await waitUntilAtRest(owner.client, id, { status: 'active' });
    t.is((await answers(signIn, 200)).status, 200, 'with the keys and the users that it had');
  } finally {
    await deleteApplication(owner, id);
  }
});

test('a restart replaces the pods while the application goes on answering', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id, signIn } = await applicationWithUser(owner);
  try {
    const before = await instancePods(id);
    await owner.client.command(id, 'restart');
    await waitUntilAtRest(owner.client, id, { status: 'active' });
    t.deepEqual(
      (await instancePods(id)).filter((pod) => before.includes(pod)),
      [],
    );
    t.is((await signIn()).status, 200);
  } finally {
    await deleteApplication(owner, id);
  }
});

test('an operation is told as it goes, and a cancelled one leaves nothing that a deletion does not take', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { client, workspaceId } = owner;
  const { id } = await client.createApplication(workspaceId, { name: 'Cut', slug: `cut-${unique()}`, environment: 'development' });
  try {
    const [operation] = await client.operations(id);
    const { body } = await client.operationEvents(id, operation?.id ?? '', { signal: AbortSignal.timeout(120_000) });
    const told: string[] = [];
    for await (const { event, data } of readEvents(body as ReadableStream<Uint8Array>, () => undefined)) {
      if (event === 'resource' && !told.includes('resource')) await client.cancelOperation(id, operation?.id ?? '');
      told.push(event);
      if (event === 'end') t.deepEqual(JSON.parse(data), { status: 'cancelled' });
    }
    t.is(told[0], 'operation');
    t.is(told.at(-1), 'end');
    t.true(told.includes('phase') && told.includes('resource'));
    t.like(await client.application(id), { status: 'failed', failure: { code: 'cancelled' } });
  } finally {
    await deleteApplication(owner, id);
  }
  t.not((await kubectl(['get', 'namespace', tenantNames(id).namespace])).exitCode, 0);
});

async function instancePods(appId: string): Promise<string[]> {
  const { stdout } = await kubectl([
    ...['get', 'pods', '--namespace', tenantNames(appId).namespace, '--selector', 'app.kubernetes.io/name=instance'],
    ...[
      '--field-selector',
      'status.phase=Running',
      '--output',
      'jsonpath={range .items[?(!@.metadata.deletionTimestamp)]}{.metadata.name}{"\\n"}{end}',
    ],
  ]);
  return stdout.split('\n').filter(Boolean);
}
