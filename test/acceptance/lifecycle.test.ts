import test from 'ava';
import { tenantNames } from '../../tenant-program/names.ts';
import { callApplication, deleteApplication, kubectl, newApplication, newOwner } from './platform-under-test.ts';

test('deleting an application leaves nothing: no namespace, no database, no role, no route', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const application = await newApplication(owner);
  const { namespace, database, role } = tenantNames(application.id);
  t.is((await kubectl(['get', 'namespace', namespace])).exitCode, 0);
  t.deepEqual(await databasesAndRoles(database, role), [database, role]);
  await deleteApplication(owner, application.id);
  const { exitCode, stderr } = await kubectl(['get', 'namespace', namespace]);
  t.not(exitCode, 0);
  t.regex(stderr, /NotFound/);
  t.deepEqual(await databasesAndRoles(database, role), []);
  t.is((await callApplication(application.id, '/auth/session', { key: application.publicKey })).status, 404);
  t.deepEqual(
    (await owner.client.applications(owner.workspaceId)).filter(({ status }) => status !== 'deleted'),
    [],
  );
});

test('the operations of an application tell its phases, with their times', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const application = await newApplication(owner);
  try {
    const [operation] = await owner.client.operations(application.id);
    t.is(operation?.kind, 'provision');
    t.is(operation?.status, 'succeeded');
    t.true((operation?.phases.length ?? 0) >= 3);
    for (const phase of operation?.phases ?? []) t.true(Date.parse(phase.endedAt ?? '') >= Date.parse(phase.startedAt), phase.name);
  } finally {
    await deleteApplication(owner, application.id);
  }
});

/** Asks the tenants' PostgreSQL itself, inside its pod. */
async function databasesAndRoles(database: string, role: string): Promise<string[]> {
  const query = `select datname from pg_database where datname = '${database}' union all select rolname from pg_roles where rolname = '${role}'`;
  const psql = `PGPASSWORD=$(cat /etc/authsome/password) psql --username=postgres --host=127.0.0.1 --tuples-only --no-align --command "${query}"`;
  const { exitCode, stdout, stderr } = await kubectl([
    'exec',
    '--namespace',
    'authsome-system',
    'tenants-postgres-0',
    '--',
    'sh',
    '-c',
    psql,
  ]);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.split('\n').filter(Boolean);
}
