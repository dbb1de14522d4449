import * as postgresql from '@pulumi/postgresql';
import { secret } from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import * as random from '@pulumi/random';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createPulumiFixture, uniqueName } from './pulumi-fixture.ts';
import type { PulumiFixture } from './pulumi-fixture.ts';
import { postgresClient, postgresPool } from '../../support/postgres-client.ts';

let fixture: PulumiFixture;
test.before(async () => {
  fixture = await createPulumiFixture();
});
test.after.always(() => fixture.cleanUp());

interface TenantProgramOptions {
  connectionLimit?: number;
  privileges?: string[];
}

/** What a tenant's program asks of the plugins: password, role, database, and CONNECT for nobody else. */
function tenantProgram(name: string, { connectionLimit = 10, privileges = [] }: TenantProgramOptions = {}): PulumiFn {
  return () => {
    const provider = serverProvider();
    const password = new random.RandomPassword('password', { length: 24, special: false });
    const role = new postgresql.Role(
      'role',
      { name: `${name}_user`, login: true, password: password.result, connectionLimit },
      { provider },
    );
    const database = new postgresql.Database('database', { name, owner: role.name, connectionLimit }, { provider });
    new postgresql.Grant('grant', { database: database.name, role: 'public', objectType: 'database', privileges }, { provider });
    return Promise.resolve({ password: password.result });
  };
}

function serverProvider(): postgresql.Provider {
  const { host, port, adminUser, adminPassword } = fixture.server;
  const server = { host, port, username: adminUser, password: secret(adminPassword), sslmode: 'disable', superuser: false };
  return new postgresql.Provider('server', server);
}

async function connect(user: string, password: string, database: string): Promise<string> {
  const client = postgresClient({ host: fixture.server.host, port: fixture.server.port, user, password, database });
  try {
    await client.connect();
    const { rows } = await client
      .query<{ owner: string }>('create table if not exists mine (id int); select current_user as owner')
      .then((results) => (results as unknown as { rows: { owner: string }[] }[])[1] ?? { rows: [] });
    return rows[0]?.owner ?? '';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Tests run one after another: each `up` has the engine, and concurrent inline programs of one process hang one another. */
test.serial('a role owns its database and may create tables in it, a second up changes nothing, destroy leaves nothing', async (t) => {
  const name = uniqueName('db_');
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  const first = await stack.up();
  t.true(first.outputs['password']?.secret);
  const password = first.outputs['password']?.value as string;
  t.regex(password, /^[A-Za-z0-9]{24}$/);
  t.is(await connect(`${name}_user`, password, name), `${name}_user`);

  const second = await stack.up({ expectNoChanges: true });
  t.is(second.outputs['password']?.value, password);
  const refreshed = await stack.refresh({ expectNoChanges: true });
  t.is(refreshed.summary.result, 'succeeded');

  // An open session must not keep the database alive.
  const session = postgresClient({
    connectionString: `postgres://${name}_user:${password}@${fixture.server.host}:${fixture.server.port}/${name}`,
  });
  session.on('error', () => undefined);
  await session.connect();
  await stack.destroy();
  await session.end().catch(() => undefined);
  t.deepEqual(await fixture.query(`select 1 from pg_database where datname = '${name}'`), []);
  t.deepEqual(await fixture.query(`select 1 from pg_roles where rolname = '${name}_user'`), []);
  t.deepEqual(await fixture.query(membershipsOf(fixture.server.adminUser)), []);
});

test.serial("a role can't connect to another's database, nor to one of its own with a wrong password", async (t) => {
  const [one, two] = [uniqueName('db_'), uniqueName('db_')];
  const stacks = [];
  const passwords: string[] = [];
  for (const name of [one, two]) {
    const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
    passwords.push((await stack.up()).outputs['password']?.value as string);
    stacks.push(stack);
  }
  await t.throwsAsync(connect(`${one}_user`, passwords[0] ?? '', two), { message: /permission denied for database/ });
  await t.throwsAsync(connect(`${one}_user`, passwords[1] ?? '', one), { message: /password authentication failed/ });
  for (const stack of stacks) await stack.destroy();
});

test.serial('what a crashed create left behind is adopted', async (t) => {
  const name = uniqueName('db_');
  // Created by the administrator, and then the engine died before it wrote its state.
  await fixture.query(`create role ${name}_user; `);
  await fixture.query(`create database ${name} owner ${fixture.server.adminUser} template template0 lc_collate 'C' lc_ctype 'C'`);
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  const { outputs } = await stack.up();
  t.is(await connect(`${name}_user`, outputs['password']?.value as string, name), `${name}_user`);
  await stack.destroy();
  t.deepEqual(await fixture.query(`select 1 from pg_database where datname = '${name}'`), []);
});

test.serial("somebody else's database and a superuser are not adopted", async (t) => {
  const name = uniqueName('db_');
  await fixture.query(`create database ${name}`);
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  await t.throwsAsync(stack.up(), { message: /exists and belongs to postgres; it is not adopted/ });
  await stack.destroy();
  t.is((await fixture.query(`select 1 from pg_database where datname = '${name}'`)).length, 1);
  await fixture.query(`drop database ${name}`);
});

test.serial('a changed limit and changed privileges are updated in place', async (t) => {
  const name = uniqueName('db_');
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  await stack.up();
  stack.workspace.program = tenantProgram(name, { connectionLimit: 7, privileges: ['CONNECT'] });
  const { summary } = await stack.up();
  t.is(summary.resourceChanges?.update, 3);
  t.is(summary.resourceChanges?.replace, undefined);
  const [row] = await fixture.query<{ limit: number; acl: string }>(
    `select datconnlimit as limit, datacl::text as acl from pg_database where datname = '${name}'`,
  );
  t.is(row?.limit, 7);
  t.regex(row?.acl ?? '', /[{,]=c\//);
  await stack.destroy();
});

test.serial('refresh finds what is gone, and the next up makes it again', async (t) => {
  const name = uniqueName('db_');
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  await stack.up();
  await fixture.query(`drop database ${name} with (force)`);
  const { summary } = await stack.refresh();
  t.is(summary.resourceChanges?.delete, 2);
  await stack.up();
  t.is((await fixture.query(`select 1 from pg_database where datname = '${name}'`)).length, 1);
  await stack.destroy();
});

test.serial('destroy drops a database to which clients are connected, and connect again', async (t) => {
  const name = uniqueName('db_');
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  const { outputs } = await stack.up();
  const { host, port } = fixture.server;
  const pool = postgresPool({ host, port, user: `${name}_user`, password: outputs['password']?.value as string, database: name, max: 5 });
  let failures = 0;
  pool.on('error', () => (failures += 1));
  const query = async (): Promise<void> => void (await pool.query('select pg_sleep(0.01)').catch(() => (failures += 1)));
  const clients = setInterval(() => void Promise.all(Array.from({ length: 5 }, query)), 20);
  t.teardown(async () => {
    clearInterval(clients);
    await pool.end();
  });
  await query();
  t.is(failures, 0);
  await stack.destroy();
  t.true(failures > 0);
  t.deepEqual(await fixture.query(`select 1 from pg_database where datname = '${name}'`), []);
  t.deepEqual(await fixture.query(`select 1 from pg_roles where rolname = '${name}_user'`), []);
});

test.serial('a schema of the tenant’s database is closed to everybody else by an administrator who is no superuser', async (t) => {
  const name = uniqueName('db_');
  const program =
    (privileges: string[]): PulumiFn =>
    () => {
      const provider = serverProvider();
      const { adminUser } = fixture.server;
      const role = new postgresql.Role('role', { name: `${name}_user`, login: true }, { provider });
      const database = new postgresql.Database('database', { name, owner: role.name }, { provider });
      const grant = { database: database.name, objectType: 'database', privileges: [] };
      const noPublic = new postgresql.Grant('no-public', { ...grant, role: 'public' }, { provider });
      const maintenance = new postgresql.Grant(
        'maintenance',
        { ...grant, role: adminUser, privileges: ['CONNECT'] },
        { provider, dependsOn: noPublic },
      );
      new postgresql.Grant(
        'schema',
        { database: database.name, role: 'public', objectType: 'schema', schema: 'public', privileges },
        { provider, dependsOn: maintenance },
      );
      return Promise.resolve({});
    };
  const stack = await fixture.openStack(name.replaceAll('_', '-'), program([]));
  await stack.up();
  const publicMayUse = async (): Promise<boolean | undefined> =>
    (await fixture.query<{ may: boolean }>(`select has_schema_privilege('${fixture.server.adminUser}', 'public', 'usage') as may`, name))[0]
      ?.may;
  t.false(await publicMayUse());
  const [owner] = await fixture.query<{ may: boolean }>(`select has_schema_privilege('${name}_user', 'public', 'create') as may`, name);
  t.true(owner?.may);
  t.is((await stack.refresh({ expectNoChanges: true })).summary.result, 'succeeded');
  stack.workspace.program = program(['USAGE']);
  await stack.up();
  t.true(await publicMayUse());
  t.deepEqual(await fixture.query(membershipsOf(fixture.server.adminUser)), []);
  await stack.destroy();
  t.deepEqual(await fixture.query(`select 1 from pg_database where datname = '${name}'`), []);
});

test.serial('bad inputs fail by name before anything is made', async (t) => {
  await refuses(t, (provider) => new postgresql.Role('role', { name: 'somebody', connectionLimit: -2 }, { provider }), [
    'property connectionLimit value {-2} has a problem: must be at least -1',
  ]);
  const grant = { database: 'x', role: 'public', objectType: 'table', privileges: ['CONNECT'] };
  await refuses(t, (provider) => new postgresql.Grant('grant', grant, { provider }), [
    'has CONNECT; a table has SELECT',
    'property schema value {<nil>} has a problem: is required for a table',
  ]);
});

async function refuses(t: ExecutionContext, make: (provider: postgresql.Provider) => void, messages: string[]): Promise<void> {
  const stack = await fixture.openStack(uniqueName('bad-'), () => {
    make(serverProvider());
    return Promise.resolve({});
  });
  const error = await t.throwsAsync(stack.up());
  for (const message of messages) t.true(error.message.includes(message), message);
}

test.serial('the state and the server log hold no password in plain text', async (t) => {
  const name = uniqueName('db_');
  const stack = await fixture.openStack(name.replaceAll('_', '-'), tenantProgram(name));
  const { outputs } = await stack.up();
  const password = outputs['password']?.value as string;
  const rows = await fixture.query<{ data: string }>(
    `select data::text as data from pulumi_state`,
    new URL(fixture.backendUrl).pathname.slice(1),
  );
  const state = rows.map(({ data }) => Buffer.from((JSON.parse(data) as { data: string }).data, 'base64').toString()).join('\n');
  t.true(state.includes(`${name}_user`));
  t.false(state.includes(password));
  t.false(state.includes(fixture.server.adminPassword));
  const [stored] = await fixture.query<{ verifier: string }>(
    `select rolpassword as verifier from pg_authid where rolname = '${name}_user'`,
  );
  t.regex(stored?.verifier ?? '', /^SCRAM-SHA-256\$4096:/);
  await stack.destroy();
});

function membershipsOf(role: string): string {
  return `select roleid::regrole::text from pg_auth_members where member = '${role}'::regrole`;
}
