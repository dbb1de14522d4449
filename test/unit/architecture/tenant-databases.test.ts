import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import test from 'ava';
import { administer, administratorOptions, createAdministratorPool } from '../../../services/shared/db/administrator-connection.ts';
import { administratorOptions as pluginOptions } from '../../../toolchain/plugins/postgresql/with-connection.ts';

const root = resolve(import.meta.dirname, '../../..');
const folders = ['services', 'proxy', 'tenant-program', 'stacks', 'platform', 'toolchain', 'cli'];

/** Who opens a connection to PostgreSQL, and as whom. Whoever is new here has to say why it can't be `administer`. */
const connecting: Record<string, string> = {
  'services/shared/db/administrator-connection.ts': 'administrators of servers on which tenants own databases',
  'toolchain/plugins/postgresql/with-connection.ts': "the same for a stack's plugin, which may import no service",
  'services/control-api/setup/with-client.ts': 'the owner of the control database, in it',
  'services/instance/auth/auth-database.ts': "a tenant's own role, in its own database",
  'services/provisioner/inventory/state-database.ts': "the state database, of which no tenant's role is the owner",
  'services/shared/db/database.ts': "the control database, as a service's role",
  'services/shared/db/migrate.ts': 'the control database, as its owner',
  'services/shared/db/postgres-connections.ts': 'opens the connections of the others, and none of its own',
  'services/shared/leader.ts': "the control database, as a service's role",
};

/** PostgreSQL's own programs go where no connection of ours may: with these arguments, and from here alone. */
const programs = ['services/backup/postgres/pg-program.ts'];

const files = folders
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ file: relative(root, file), text: readFileSync(file, 'utf8') }));

const matching = (pattern: RegExp): string[] =>
  files
    .filter(({ text }) => pattern.test(text))
    .map(({ file }) => file)
    .sort();

test('administrators reach the servers of tenants’ databases through one function, and its twin in the plugin', (t) => {
  t.deepEqual(matching(/new (?:pg\.)?(?:Client|Pool)\(|from '[^']*\/postgres-connections\.ts'/), Object.keys(connecting).sort());
  // Another driver would be another way.
  t.deepEqual(matching(/from '(?:postgres|pg-promise|pg-native|slonik|knex)'/), []);
});

test('pg_dump and pg_restore are started in one place', (t) => {
  t.deepEqual(matching(/spawn\([^)]*\bname\b|execa\('pg_|spawn\('pg_/), programs);
});

test('the function and its twin fix the same settings', (t) => {
  t.is(pluginOptions, administratorOptions);
  t.regex(administratorOptions, /^-c search_path=pg_catalog,pg_temp /);
});

test('an administrator’s connection to a database that a tenant owns is refused before it is made', async (t) => {
  for (const database of ['authsome_app_abc123', 'restoring_authsome_app_abc123', 'replaced_authsome_app_abc123']) {
    const connectionString = `postgres://postgres:secret@127.0.0.1:1/${database}`;
    await t.throwsAsync(
      administer({ connectionString, application_name: 'test' }, () => Promise.resolve()),
      { message: /no administrator runs a statement in it/ },
    );
    t.throws(() => createAdministratorPool({ host: '127.0.0.1', application_name: 'test', database, max: 1 }, () => undefined), {
      message: /no administrator/,
    });
  }
  t.throws(() => createAdministratorPool({ host: '127.0.0.1', application_name: 'test', max: 1 }, () => undefined), {
    message: /must name its database/,
  });
});
