import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import test from 'ava';
import { holds } from '../../../cli/probe/check.ts';
import type { Kubectl } from '../../../cli/probe/cluster.ts';
import { checkDatabases } from '../../../cli/probe/databases.ts';
import { setUpTenantsServer } from '../../../services/control-api/setup/set-up-tenants-server.ts';
import { connectSharedServer, databasePlace } from '../../../services/provisioner/inventory/database-place.ts';
import { checkMightyRoles } from '../../../services/provisioner/maintenance/check-mighty-roles.ts';
import { createMetrics } from '../../../services/provisioner/metrics.ts';
import { proveDeletion } from '../../../services/provisioner/inventory/prove-deletion.ts';
import { findMightyRoles } from '../../../services/shared/db/mighty-roles.ts';
import { createLog } from '../../../services/shared/log.ts';
import { database as databaseType } from '../../../toolchain/plugins/postgresql/database.ts';
import { grant as grantType } from '../../../toolchain/plugins/postgresql/grant.ts';
import { role as roleType } from '../../../toolchain/plugins/postgresql/role.ts';
import type { ServerConfig } from '../../../toolchain/plugins/postgresql/server-config.ts';
import { withDefaults } from '../../../toolchain/plugins/shared/property-schema.ts';
import type { ResourceType } from '../../../toolchain/plugins/shared/resource-provider.ts';
import type { Properties } from '../../../toolchain/plugins/shared/wire-values.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { makeHostile } from '../../support/make-hostile.ts';
import { postgresClient } from '../../support/postgres-client.ts';
import { startPostgres } from '../../support/start-postgres.ts';

// A server of this file's own: it is as the set-up leaves the tenants' server, roles and all.
const directory = makeServerDirectory();
const password = 'password of a service role';
const tenantPassword = 'password of a tenant';
const log = createLog({ name: 'test', level: 'silent' });
let server: { url: string; stop: () => Promise<void> };

const setUp = (): Promise<void> =>
  setUpTenantsServer({ adminUrl: server.url, passwords: { authsome_tenants: password, authsome_backup: password }, log });

test.before(async () => {
  server = await startPostgres(directory);
  await setUp();
});
test.after.always(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const context = { signal: new AbortController().signal, timeoutMs: 30_000 };

function config(username = 'authsome_tenants', secret = password): ServerConfig {
  const { hostname: host, port } = new URL(server.url);
  return {
    ...{ host, port: Number(port), database: 'postgres', username, password: secret },
    ...{ sslMode: 'disable', sslRootCert: undefined, connectTimeoutMs: 5_000 },
  };
}

interface Tenant {
  role: string;
  database: string;
  /** As its own login. */
  url: string;
  inputs: { role: Properties; database: Properties; schema: Properties; maintenance: Properties };
}

const inputsOf = <C>({ inputs }: ResourceType<C>, properties: Properties): Properties => withDefaults(inputs, properties);

/** Role, database and grants as a tenant's stack makes them. */
async function makeTenant(): Promise<Tenant> {
  const appId = `app_${randomBytes(5).toString('hex')}`;
  const [role, database] = [`${appId}_user`, `authsome_${appId}`];
  const inputs = {
    role: inputsOf(roleType, { name: role, login: true, password: tenantPassword, connectionLimit: 20 }),
    database: inputsOf(databaseType, { name: database, owner: role, connectionLimit: 22, template: 'authsome_template' }),
    schema: inputsOf(grantType, { database, role: 'public', objectType: 'schema', schema: 'public', privileges: [] }),
    maintenance: inputsOf(grantType, { database, role: 'authsome_tenants', objectType: 'database', privileges: ['CONNECT'] }),
  };
  await roleType.create(config(), inputs.role, context);
  await databaseType.create(config(), inputs.database, context);
  const noPublic = inputsOf(grantType, { database, role: 'public', objectType: 'database', privileges: [] });
  await grantType.create(config(), noPublic, context);
  await grantType.create(config(), inputs.maintenance, context);
  await grantType.create(config(), inputs.schema, context);
  const url = new URL(server.url);
  Object.assign(url, { username: role, password: encodeURIComponent(tenantPassword), pathname: `/${database}` });
  return { role, database, url: url.href, inputs };
}

async function asSuperuser(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return run(server.url, text, values);
}

async function run(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = postgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** All that a role could have gained. */
async function powersOf(role: string): Promise<unknown[]> {
  return asSuperuser(
    `select rolname as power from pg_roles where rolname = $1 and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
     union all select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = $1::text::regrole`,
    [role],
  );
}

test("an owner's function that bears the name of one that an administrator calls gains its owner nothing", async (t) => {
  const tenant = await makeTenant();
  // As it was reported: the schema of the administrator's own name comes before public, and an exact match beats pg_catalog's function.
  for (const statement of [
    'drop schema public cascade',
    'create schema public',
    'create schema authsome_tenants',
    'grant usage on schema authsome_tenants to public',
    `create function authsome_tenants.acldefault(kind text, owner oid) returns aclitem[] language plpgsql as $$ begin
       if current_user <> '${tenant.role}' then
         execute 'grant pg_execute_server_program to ${tenant.role}';
       end if;
       return null;
     end $$`,
  ])
    await run(tenant.url, statement);
  const state = await grantType.read(config(), 'id', tenant.inputs.schema, context);
  t.truthy(state);
  await grantType.update?.(config(), 'id', tenant.inputs.schema, tenant.inputs.schema, context);
  t.deepEqual(await powersOf(tenant.role), []);
  await run(tenant.url, 'create table o (line text)');
  await t.throwsAsync(run(tenant.url, `copy o from program 'id -un'`), { message: /must be superuser or have privileges of/ });
});

test('no statement of a stack runs what the owner of a database has put there, for create, read, update and delete', async (t) => {
  const tenant = await makeTenant();
  const { role, database, schema, maintenance } = tenant.inputs;
  const { intrusions, doubles } = await makeHostile(tenant.url);
  t.true(doubles > 3_000, `${doubles}`);
  t.is((await roleType.read(config(), tenant.role, role, context))?.['name'], tenant.role);
  t.is((await databaseType.read(config(), tenant.database, database, context))?.['owner'], tenant.role);
  await roleType.update?.(config(), tenant.role, role, { ...role, connectionLimit: 19 }, context);
  await databaseType.update?.(config(), tenant.database, database, { ...database, connectionLimit: 23 }, context);
  for (const grant of [schema, maintenance]) {
    t.truthy(await grantType.read(config(), 'id', grant, context));
    await grantType.update?.(config(), 'id', grant, grant, context);
    await grantType.create(config(), grant, context);
  }
  // Grants on what the owner has made, and on all of it.
  for (const objects of [['people'], []]) {
    const table = inputsOf(grantType, { ...schema, objectType: 'table', objects, privileges: ['SELECT'] });
    await grantType.create(config(), table, context);
    await grantType.read(config(), 'id', table, context);
    await grantType.delete(config(), 'id', table, context);
  }
  const routine = inputsOf(grantType, { ...schema, schema: 'authsome_tenants', objectType: 'function', privileges: ['EXECUTE'] });
  await grantType.create(config(), routine, context);
  await grantType.read(config(), 'id', routine, context);
  t.deepEqual(await intrusions(), []);
  t.deepEqual(await powersOf(tenant.role), []);
  await grantType.delete(config(), 'id', schema, context);
  await grantType.delete(config(), 'id', maintenance, context);
  await databaseType.delete(config(), tenant.database, database, context);
  await roleType.delete(config(), tenant.role, role, context);
  t.deepEqual(await asSuperuser('select 1 from pg_roles where rolname = $1', [tenant.role]), []);
});

test("the stack of a server of the tenant's own runs nothing of its either, as that server's superuser", async (t) => {
  const tenant = await makeTenant();
  const { intrusions } = await makeHostile(tenant.url);
  const superuser = config('postgres', decodeURIComponent(new URL(server.url).password));
  const { role, database, schema } = tenant.inputs;
  await roleType.update?.(superuser, tenant.role, role, { ...role, connectionLimit: 19 }, context);
  await databaseType.update?.(superuser, tenant.database, database, { ...database, connectionLimit: 23 }, context);
  t.truthy(await grantType.read(superuser, 'id', schema, context));
  await grantType.update?.(superuser, 'id', schema, schema, context);
  t.deepEqual(await intrusions(), []);
  t.deepEqual(await powersOf(tenant.role), []);
});

test('the inventory finds and drops a hostile database, which its owner has made a template', async (t) => {
  const tenant = await makeTenant();
  const { intrusions } = await makeHostile(tenant.url);
  await run(tenant.url, `alter database ${tenant.database} with is_template true`);
  const { host, port } = config();
  const pool = connectSharedServer({ host, port, adminUser: 'authsome_tenants', adminPassword: password, sslMode: 'disable' } as never);
  t.teardown(() => pool.end());
  const place = databasePlace(pool);
  const appId = tenant.database.slice('authsome_'.length);
  const things = await place.find(appId);
  t.deepEqual(
    things.map(({ kind }) => kind),
    ['database', 'role'],
  );
  for await (const page of place.list()) t.true(Array.isArray(page));
  t.deepEqual(await intrusions(), []);
  for (const thing of things) await place.remove(thing);
  t.deepEqual(await place.find(appId), []);
});

/** Names the other's role in its own database: role names follow from applications' ids, which are public. */
async function mention(attacker: Tenant, victim: Tenant): Promise<void> {
  for (const statement of [
    'create table t ()',
    `grant select on t to ${victim.role}`,
    `create policy p on t to ${victim.role}`,
    `alter default privileges grant select on tables to ${victim.role}`,
  ])
    await run(attacker.url, statement);
}

const isHarmless = (role: string): Promise<unknown[]> =>
  asSuperuser('select rolcanlogin as login, rolconnlimit as limit, rolpassword as password from pg_authid where rolname = $1', [role]);
const harmless = [{ login: false, limit: 0, password: null }];

test.serial(
  "a grant in one tenant's database does not keep another's from being deleted: its role is disabled, and nobody gets it back",
  async (t) => {
    const [attacker, victim] = [await makeTenant(), await makeTenant()];
    const { role, database } = victim.inputs;
    await mention(attacker, victim);
    await asSuperuser(`grant pg_read_all_data to ${victim.role}`);
    await databaseType.delete(config(), victim.database, database, context);
    // Twice: the engine asks again where it was cut off before it wrote that down.
    for (const _ of [1, 2]) await roleType.delete(config(), victim.role, role, context);
    t.deepEqual(await isHarmless(victim.role), harmless);
    t.deepEqual(await powersOf(victim.role), []);
    t.deepEqual(await asSuperuser('select 1 from pg_auth_members where roleid = $1::text::regrole', [victim.role]), []);
    await t.throwsAsync(roleType.create(config(), role, context), { message: /was deleted before.* is not adopted/ });
    t.deepEqual(await isHarmless(victim.role), harmless);
  },
);

test.serial('nor does it keep the proof of a deletion from being made, and the role goes once the mention has', async (t) => {
  const [attacker, victim] = [await makeTenant(), await makeTenant()];
  await mention(attacker, victim);
  const { host, port } = config();
  const pool = connectSharedServer({ host, port, adminUser: 'authsome_tenants', adminPassword: password, sslMode: 'disable' } as never);
  t.teardown(() => pool.end());
  const place = databasePlace(pool);
  const appId = victim.database.slice('authsome_'.length);
  const proof = await proveDeletion({ inventory: [place], appId, signal: context.signal, limitMs: 10_000 });
  t.deepEqual(proof.removed, [
    { kind: 'database', name: victim.database },
    { kind: 'role', name: victim.role },
  ]);
  t.deepEqual(await isHarmless(victim.role), harmless);
  t.deepEqual(await powersOf(victim.role), []);
  const listed = [];
  for await (const page of place.list()) listed.push(...page.map(({ name }) => name));
  t.false(listed.includes(victim.role));
  t.true(listed.includes(attacker.role));

  await place.retry?.(context.signal);
  t.deepEqual(await isHarmless(victim.role), harmless);
  await databaseType.delete(config(), attacker.database, attacker.inputs.database, context);
  await place.retry?.(context.signal);
  t.deepEqual(await isHarmless(victim.role), []);
});

test('the set-up runs nothing of what the owners of databases have put there', async (t) => {
  const tenant = await makeTenant();
  const { intrusions } = await makeHostile(tenant.url);
  await setUp();
  t.deepEqual(await intrusions(), []);
  t.deepEqual(await powersOf(tenant.role), []);
});

/** Any client's session, which asks for no settings: as an official plugin's, or a person's. */
function urlAs(user: string, secret: string, database: string): string {
  return Object.assign(new URL(server.url), { username: user, password: encodeURIComponent(secret), pathname: `/${database}` }).href;
}

test('whatever program an administrator uses, pg_catalog comes first in a database whose owner has set another path', async (t) => {
  const tenant = await makeTenant();
  await run(tenant.url, `alter database ${tenant.database} set search_path = evil, pg_catalog`);
  const superuserPassword = decodeURIComponent(new URL(server.url).password);
  for (const url of [urlAs('authsome_tenants', password, tenant.database), urlAs('postgres', superuserPassword, tenant.database)])
    t.deepEqual(await run(url, 'show search_path'), [{ search_path: 'pg_catalog, pg_temp' }]);
  for (const statement of ['set search_path = evil', `in database ${tenant.database} set search_path = evil`])
    await t.throwsAsync(run(tenant.url, `alter role authsome_tenants ${statement}`), { message: /permission denied/ });
});

test("the role that makes tenants can't give anybody, nor itself, the server's files and programs", async (t) => {
  const tenant = await makeTenant();
  const url = urlAs('authsome_tenants', password, 'postgres');
  for (const role of ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'postgres'])
    for (const to of [tenant.role, 'authsome_tenants'])
      await t.throwsAsync(run(url, `grant ${role} to ${to}`), { message: /must be superuser to alter superusers/ }, role);
  await t.throwsAsync(run(url, `create role made in role pg_execute_server_program`), { message: /must be superuser/ });
  await t.throwsAsync(run(url, `alter role ${tenant.role} superuser`), { message: /must be superuser/ });
  await t.throwsAsync(run(url, 'set role pg_execute_server_program'), { message: /permission denied to set role/ });
  await t.throwsAsync(run(url, `copy (select 1) to program 'true'`), { message: /must be superuser or have privileges/ });
});

test('the probe tries as a tenant what would reach the server, and each is refused', async (t) => {
  const [tenant, other] = [await makeTenant(), await makeTenant()];
  const asPsql: Kubectl = async (args) => {
    const [database = '', statement = ''] = args.slice(-2);
    const failure = await run(urlAs(tenant.role, tenantPassword, database), statement).then(
      () => undefined,
      (err: unknown) => `ERROR:  ${(err as Error).message}`,
    );
    return { exitCode: failure === undefined ? 0 : 1, stdout: '', stderr: failure ?? '' };
  };
  const [appId = '', otherAppId] = [tenant, other].map(({ database }) => database.slice('authsome_'.length));
  const { checks } = await checkDatabases(asPsql, { appId, otherAppId, systemNamespace: 'authsome-system', databaseUrl: tenant.url });
  t.deepEqual(
    checks.filter((check) => !holds(check)),
    [],
  );
  for (const what of ['to run programs on the server', 'to become postgres', 'to write files of the server'])
    t.true(checks.some((check) => check.what === what));
});

test.serial("the provisioner's own login counts the roles that have what they must not have", async (t) => {
  const { role } = await makeTenant();
  const { host, port } = config();
  const pool = connectSharedServer({ host, port, adminUser: 'authsome_tenants', adminPassword: password, sslMode: 'disable' } as never);
  t.teardown(() => pool.end());
  const metrics = createMetrics();
  const count = async (): Promise<number | undefined> => {
    await checkMightyRoles({ sharedServer: pool, metrics, log });
    return (await metrics.mightyRoles.get()).values[0]?.value;
  };
  t.is(await count(), 0);
  await asSuperuser(`alter role ${role} createrole bypassrls`);
  t.is(await count(), 1);
  await asSuperuser(`alter role ${role} nocreaterole nobypassrls`);
  t.is(await count(), 0);
});

test.serial('a role that has what it must not have is found, and one that has what it must is not', async (t) => {
  const [one, two] = [await makeTenant(), await makeTenant()];
  const found = async (): Promise<string[]> => {
    const client = postgresClient({ connectionString: urlAs('authsome_tenants', password, 'postgres') });
    await client.connect();
    try {
      return (await findMightyRoles(client))
        .filter(({ role }) => [one.role, two.role, 'authsome_tenants', 'authsome_backup', 'helper'].includes(role))
        .map(({ role, power }) => `${role} ${power}`);
    } finally {
      await client.end();
    }
  };
  const asTenants = (text: string): Promise<unknown> => run(urlAs('authsome_tenants', password, 'postgres'), text);
  t.deepEqual(await found(), []);
  const cases: [grant: string, found: string][] = [
    [`alter role ${one.role} superuser`, `${one.role} is a superuser`],
    [`alter role ${one.role} createrole`, `${one.role} may make roles`],
    [`alter role ${one.role} bypassrls`, `${one.role} passes row security`],
    [`alter role authsome_backup createdb`, `authsome_backup may make databases`],
    [`grant pg_read_all_data to ${one.role}`, `${one.role} is a member of pg_read_all_data`],
    [`grant authsome_backup to ${one.role}`, `${one.role} is a member of authsome_backup`],
    [`grant ${two.role} to ${one.role}`, `${one.role} is a member of ${two.role}`],
    [`grant pg_write_all_data to authsome_tenants`, 'authsome_tenants is a member of pg_write_all_data'],
    ['create role helper in role pg_read_server_files', 'helper is a member of pg_read_server_files'],
  ];
  const undo = async (): Promise<void> => {
    await asSuperuser(`alter role ${one.role} nosuperuser nocreaterole nobypassrls`);
    await asSuperuser('alter role authsome_backup nocreatedb');
    await asSuperuser(`revoke pg_read_all_data, authsome_backup, ${two.role} from ${one.role}`);
    await asSuperuser('revoke pg_write_all_data from authsome_tenants');
    await asSuperuser('drop role if exists helper');
  };
  for (const [grant, expected] of cases) {
    await asSuperuser(grant);
    t.deepEqual(await found(), [expected], grant);
    await undo();
  }
  // As an administrator has it for the moment in which it looks after what is the role's.
  await asTenants(`grant ${one.role} to authsome_tenants`);
  t.deepEqual(await found(), []);
});
