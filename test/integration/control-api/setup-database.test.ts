import test from 'ava';
import { execa } from 'execa';
import { rmSync } from 'node:fs';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startPostgres } from '../../support/start-postgres.ts';
import { postgresClient } from '../../support/postgres-client.ts';

// Servers of this file's own: roles belong to the whole server.
const directory = makeServerDirectory();
const tenantsDirectory = makeServerDirectory();
let server: { url: string; stop: () => Promise<void> };
let tenantsServer: { url: string; stop: () => Promise<void> };

const password = (role: string) => `password of ${role} % / @ '`;
const roles = ['control', 'state', 'provisioner', 'proxy', 'tenants', 'backup'];

function setUp() {
  const passwords = Object.fromEntries(roles.map((role) => [`${role.toUpperCase()}_DB_PASSWORD`, password(role)]));
  const env = { ADMIN_DATABASE_URL: server.url, TENANTS_ADMIN_DATABASE_URL: tenantsServer.url, LOG_LEVEL: 'warn', ...passwords };
  return execa('node', ['services/control-api/setup-database.ts'], { env, reject: false, all: true });
}

test.before(async () => {
  [server, tenantsServer] = await Promise.all([startPostgres(directory), startPostgres(tenantsDirectory)]);
});
test.after.always(async () => {
  await Promise.all([server.stop(), tenantsServer.stop()]);
  for (const data of [directory, tenantsDirectory]) rmSync(data, { recursive: true, force: true });
});

/** Runs a statement as one of the platform's roles, and answers its rows or the code of the error. */
async function as(role: string, database: string, statement: string): Promise<unknown[] | string> {
  const { hostname: host, port } = new URL((role === 'tenants' ? tenantsServer : server).url);
  const client = postgresClient({ host, port: Number(port), database, user: `authsome_${role}`, password: password(role) });
  try {
    await client.connect();
    return (await client.query(statement)).rows as unknown[];
  } catch (err) {
    return (err as { code?: string }).code ?? String(err);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const denied = '42501';
const readOnly = '25006';

test.serial('setting up works on an empty server, and again without changing anything', async (t) => {
  const first = await setUp();
  t.is(first.exitCode, 0, first.all);
  const before = await snapshot();
  const second = await setUp();
  t.is(second.exitCode, 0, second.all);
  t.deepEqual(await snapshot(), before);
  t.true(before.includes('authsome_proxy'));
});

test.serial('two setups at once both work', async (t) => {
  const both = await Promise.all([setUp(), setUp()]);
  t.deepEqual(
    both.map(({ exitCode }) => exitCode),
    [0, 0],
  );
});

test.serial('a grant that is not in the list is taken away', async (t) => {
  const owner = await as('control', 'authsome_control', 'grant all on users to authsome_proxy');
  t.deepEqual(owner, []);
  t.is((await setUp()).exitCode, 0);
  t.is(await as('proxy', 'authsome_control', 'select * from users'), denied);
});

test.serial('a bad configuration is told by name, without a value', async (t) => {
  const { exitCode, all } = await execa('node', ['services/control-api/setup-database.ts'], {
    ...{ reject: false, all: true },
    env: { ADMIN_DATABASE_URL: 'mysql://u:hunter2hunter2@h/d', CONTROL_DB_PASSWORD: 'hunter2' },
  });
  t.is(exitCode, 1);
  for (const name of ['ADMIN_DATABASE_URL', 'CONTROL_DB_PASSWORD', 'PROXY_DB_PASSWORD']) t.true(all.includes(name), name);
  t.false(all.includes('hunter2'));
});

const allows = test.macro({
  title: (_title, role: string, statement: string) => `${role} may: ${statement}`,
  exec: async (t, role: string, statement: string) => t.true(Array.isArray(await as(role, 'authsome_control', statement))),
});
const denies = test.macro({
  title: (_title, role: string, statement: string) => `${role} may not: ${statement}`,
  exec: async (t, role: string, statement: string) =>
    t.true([denied, readOnly].includes(String(await as(role, 'authsome_control', statement)))),
});

test(allows, 'proxy', 'select id, revision, status, environment, region, internal_url, sealed_instance_token from applications');
test(allows, 'proxy', 'select id, type, hash, scopes, expires_at from api_keys where revoked_at is null');
test(denies, 'proxy', 'select sealed_outputs from applications');
test(denies, 'proxy', 'select sealed_config_secrets from applications');
test(denies, 'proxy', 'select config from applications');
test(denies, 'proxy', 'select * from users');
test(denies, 'proxy', 'select * from sessions');
test(denies, 'proxy', 'select * from jobs');
test(denies, 'proxy', `update applications set status = 'active'`);
test(denies, 'proxy', `set default_transaction_read_only = off; update applications set status = 'active'`);
test(denies, 'proxy', 'create table stolen (id text)');
test(allows, 'provisioner', `update applications set status = 'active', revision = revision + 1 where id = 'app_none'`);
test(allows, 'provisioner', `select a.id from applications a join workspaces w on w.id = a.workspace_id where a.id = 'x' for update of a`);
test(allows, 'provisioner', `update jobs set status = 'running', attempts = attempts + 1, published_at = now() where id = 'job_none'`);
test(allows, 'backup', 'select * from accounts');
test(allows, 'backup', `update backup_runs set status = 'failed' where id = 'bkp_none'`);
test(denies, 'backup', 'delete from backup_runs');
test(denies, 'backup', `update applications set status = 'active'`);
test(denies, 'backup', 'create table stolen (id text)');
test(denies, 'provisioner', 'select * from backup_runs');
test(denies, 'provisioner', 'select * from accounts');
test(denies, 'provisioner', 'select * from users');
test(denies, 'provisioner', 'select * from sessions');
test(denies, 'provisioner', `update applications set desired = 'absent'`);
test(denies, 'provisioner', `update applications set config = '{}'`);
test(allows, 'provisioner', 'select config, sealed_config_secrets, database_tier from applications');
test(denies, 'provisioner', `update applications set sealed_config_secrets = '{}'`);
test(denies, 'provisioner', `update applications set database_tier = 'dedicated'`);
test(denies, 'provisioner', 'delete from applications');
test(denies, 'provisioner', `update applications set suspensions = '{}'`);
test(denies, 'provisioner', `update applications set destroy_after = null`);
test(denies, 'provisioner', `update jobs set cancel_requested_at = null`);
test(
  allows,
  'provisioner',
  `insert into events (id, type, workspace_id, application_id) select 'evt_x', 'application.failed', 'ws_x', 'app_x' where false`,
);
test(denies, 'provisioner', 'delete from events');
// Proof: written once.
test(denies, 'provisioner', `update deletion_records set removed = '[]'`);
test(denies, 'provisioner', 'delete from deletion_records');
test(denies, 'proxy', 'select * from deletion_records');
test(denies, 'proxy', 'select * from operation_events');
test(denies, 'provisioner', `update workspaces set plan = 'enterprise'`);
test(allows, 'provisioner', `update api_keys set revoked_at = now() where application_id = 'app_none'`);
test(denies, 'provisioner', `update api_keys set scopes = '{*}'`);

test('only those who were named may connect to a database', async (t) => {
  const mayConnect = async (role: string, database: string) => Array.isArray(await as(role, database, 'select 1'));
  const may: Record<string, string[]> = {};
  for (const database of ['authsome_control', 'authsome_state', 'postgres', 'template1']) {
    may[database] = [];
    for (const role of ['control', 'state', 'provisioner', 'proxy', 'backup'])
      if (await mayConnect(role, database)) may[database].push(role);
  }
  t.deepEqual(may, {
    authsome_control: ['control', 'provisioner', 'proxy', 'backup'],
    authsome_state: ['state', 'backup'],
    // Where backups and restores take their lock.
    postgres: ['backup'],
    template1: [],
  });
  t.true(await mayConnect('tenants', 'postgres'));
  t.false(await mayConnect('tenants', 'template1'));
});

test("the control server does not know the tenants' role, nor the tenants' server the control roles", async (t) => {
  const rolesOn = async ({ url }: { url: string }) => {
    const admin = postgresClient({ connectionString: url });
    await admin.connect();
    const { rows } = await admin.query<{ rolname: string }>(`select rolname from pg_roles where rolname like 'authsome%' order by 1`);
    await admin.end();
    return rows.map(({ rolname }) => rolname);
  };
  t.deepEqual(await rolesOn(server), ['authsome_backup', 'authsome_control', 'authsome_provisioner', 'authsome_proxy', 'authsome_state']);
  t.deepEqual(await rolesOn(tenantsServer), ['authsome_backup', 'authsome_tenants']);
});

test('the tenants role can make roles and databases, and is no superuser', async (t) => {
  t.deepEqual(await as('tenants', 'postgres', 'create role app_t1_user'), []);
  t.deepEqual(await as('tenants', 'postgres', 'grant app_t1_user to authsome_tenants'), []);
  t.deepEqual(await as('tenants', 'postgres', 'create database authsome_app_t1 owner app_t1_user'), []);
  t.deepEqual(await as('tenants', 'postgres', 'select rolsuper from pg_roles where rolname = current_user'), [{ rolsuper: false }]);
});

test("a tenant in its own copy of the template can't list the server's databases, roles and connections, nor read the control of them", async (t) => {
  t.deepEqual(await as('tenants', 'postgres', "create role app_t2_user login password 'app_t2_user_password'"), []);
  t.deepEqual(await as('tenants', 'postgres', 'grant app_t2_user to authsome_tenants'), []);
  const copy = 'create database authsome_app_t2 owner app_t2_user template authsome_template';
  t.deepEqual(await as('tenants', 'postgres', copy), []);
  const url = new URL(tenantsServer.url);
  Object.assign(url, { username: 'app_t2_user', password: 'app_t2_user_password', pathname: '/authsome_app_t2' });
  const tenant = postgresClient({ connectionString: url.href });
  await tenant.connect();
  t.teardown(() => tenant.end());
  for (const catalog of ['pg_database', 'pg_roles', 'pg_user', 'pg_auth_members', 'pg_stat_activity', 'pg_stat_database']) {
    await t.throwsAsync(tenant.query(`select * from ${catalog}`), { message: /permission denied/ }, catalog);
  }
  await t.notThrowsAsync(tenant.query('create table own (id int); select * from own'));
});

/** Roles, databases, tables and grants, without the passwords' salts. */
async function snapshot(): Promise<string> {
  const admin = postgresClient({ connectionString: server.url });
  const control = postgresClient({ connectionString: server.url.replace(/postgres$/, 'authsome_control') });
  await Promise.all([admin.connect(), control.connect()]);
  const answers = [
    await admin.query(
      `select rolname, rolsuper, rolcreatedb, rolcreaterole, rolconfig from pg_roles where rolname like 'authsome%' order by 1`,
    ),
    await admin.query('select datname, datdba::regrole, datacl::text from pg_database order by 1'),
    await control.query(`select oid::regclass, relacl::text from pg_class where relnamespace = 'public'::regnamespace order by 1`),
    await control.query('select attrelid::regclass, attname, attacl::text from pg_attribute where attacl is not null order by 1, 2'),
    await control.query('select version, applied_at from schema_migrations order by 1'),
  ];
  await Promise.all([admin.end(), control.end()]);
  return JSON.stringify(answers.map(({ rows }) => rows as unknown));
}
