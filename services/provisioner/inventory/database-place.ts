import type pg from 'pg';
import { createAdministratorPool } from '../../shared/db/administrator-connection.ts';
import type { TenantSettings } from '../tenant-settings.ts';
import { isDisabledRole } from './disable-role.ts';
import { dropDatabase, dropRole } from './drop-database.ts';
import type { Place, Thing } from './inventory.ts';
import { nameOf, thingOf, thingsNamed } from './things.ts';

export type SharedServer = TenantSettings['database']['shared'];

const poolSize = 2;
const connectTimeoutMs = 5_000;
/** Dropping a database waits for a checkpoint. */
const statementTimeoutMs = 30_000;
const pageSize = 500;
/** Disabled roles that one sweep tries to drop. */
const maxRetried = 100;

/** Connections to the server on which tenants without one of their own have their databases, as its administrator. */
export function connectSharedServer(server: SharedServer, onError: (error: Error) => void = () => undefined): pg.Pool {
  const config = {
    host: server.host,
    port: server.port,
    user: server.adminUser,
    password: server.adminPassword,
    database: 'postgres',
    ssl: tlsOptions(server),
    max: poolSize,
    application_name: 'authsome-provisioner',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
  };
  return createAdministratorPool(config, onError);
}

/**
 * Databases and roles of applications on the shared server. A role that was disabled, as it can't be dropped yet, counts as removed: it can do
 * nothing any more, and no application gets it. A server of an application's own goes with its namespace.
 */
export function databasePlace(server: pg.Pool): Place {
  const found = async (name: string, list: string): Promise<boolean> =>
    (await server.query(`select 1 from (${list}) found where name = $1`, [name])).rowCount !== 0;
  const remove = async ({ kind, name, appId }: Thing): Promise<void> => {
    const client = await server.connect();
    let broken = true;
    try {
      await (kind === 'database' ? dropDatabase(client, name, nameOf('role', appId)) : dropRole(client, name));
      broken = false;
    } finally {
      // After an error the connection may be in any state.
      client.release(broken);
    }
  };
  return {
    kinds: ['database', 'role'],
    expected: (appId) => [thingOf('database', appId), thingOf('role', appId)],
    async find(appId) {
      const database = (await found(nameOf('database', appId), databases)) ? [thingOf('database', appId)] : [];
      const role = (await found(nameOf('role', appId), roles)) ? [thingOf('role', appId)] : [];
      return [...database, ...role];
    },
    async *list() {
      for await (const names of pages(server, databases)) yield thingsNamed('database', names);
      for await (const names of pages(server, roles)) yield thingsNamed('role', names);
    },
    remove,
    async retry(signal) {
      // At random: none that can't be dropped keeps others from being tried.
      const { rows } = await server.query<{ name: string }>(`${disabledRoles} order by random() limit $1`, [maxRetried]);
      const names = rows.map(({ name }) => name);
      for (const thing of thingsNamed('role', names)) {
        signal.throwIfAborted();
        await remove(thing).catch(() => undefined);
      }
    },
  };
}

/** By what PostgreSQL's own clients mean: require looks at no certificate, verify-ca at no name. */
function tlsOptions({ sslMode, ca }: SharedServer): pg.PoolConfig['ssl'] {
  if (sslMode === 'disable') return false;
  return {
    ca: ca?.certificate,
    rejectUnauthorized: sslMode !== 'require',
    ...(sslMode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

const databases = String.raw`select datname::text as name from pg_database where datname like 'authsome\_app\_%'`;
const rolesOfTenants = String.raw`select rolname::text as name from pg_roles where rolname like 'app\_%\_user'`;
const roles = `${rolesOfTenants} and not ${isDisabledRole}`;
const disabledRoles = `${rolesOfTenants} and ${isDisabledRole}`;

async function* pages(server: pg.Pool, list: string): AsyncGenerator<string[]> {
  for (let after = '', full = true; full;) {
    // The catalogs' own order: that of the C locale.
    const { rows } = await server.query<{ name: string }>(
      `select name from (${list}) found where name collate "C" > $1 order by name collate "C" limit $2`,
      [after, pageSize],
    );
    yield rows.map(({ name }) => name);
    after = rows.at(-1)?.name ?? after;
    full = rows.length === pageSize;
  }
}
