import pg from 'pg';
import type { State } from '../shared/resource-provider.ts';
import type { Properties, PropertyValue } from '../shared/wire-values.ts';
import { text, texts } from '../shared/wire-values.ts';
import { disableRole, isStillMentioned } from './disable-role.ts';
import { scramVerifier } from './scram-verifier.ts';
import { roleExists, withMembership } from './with-membership.ts';

/**
 * Creates a role, or adopts the one of that name: a create that crashed before the engine wrote it down left it, and the next one
 * must go on from there. A superuser, the administrator itself, or a role that a delete has disabled, is never taken over.
 */
export async function createRole(client: pg.Client, properties: Properties): Promise<void> {
  const name = text(properties['name']);
  const existing = await client.query<{ rolsuper: boolean; self: boolean; disabled: boolean }>(
    `select rolsuper, rolname = current_user as self, not rolcanlogin and rolconnlimit = 0 as disabled from pg_roles where rolname = $1`,
    [name],
  );
  const found = existing.rows[0];
  if (found && (found.self || (found.rolsuper && properties['superuser'] !== true)))
    throw new Error(`role ${name} exists and is ${found.self ? 'the administrator itself' : 'a superuser'}; it is not adopted`);
  if (found?.disabled)
    throw new Error(`role ${name} was deleted before, and is there only as another database mentions it; it is not adopted`);
  const verb = found ? 'alter' : 'create';
  await inTransaction(client, async () => {
    await client.query(`${verb} role ${pg.escapeIdentifier(name)} with ${await attributes(properties)}`);
    await setParameters(client, name, properties);
    await setMemberships(client, name, texts(properties['roles']));
  });
}

/** Brings an existing role to new properties. The password is set only when it changed: a new verifier each time would be noise. */
export async function updateRole(client: pg.Client, name: string, olds: Properties, news: Properties): Promise<void> {
  const samePassword = olds['password'] === news['password'];
  await inTransaction(client, async () => {
    await client.query(`alter role ${pg.escapeIdentifier(name)} with ${await attributes(news, !samePassword)}`);
    await setParameters(client, name, news);
    await setMemberships(client, name, texts(news['roles']));
  });
}

/** What the server says about a role, or undefined when there is none. Passwords can't be read back. */
export async function readRole(client: pg.Client, name: string): Promise<State | undefined> {
  const found = await client.query<Record<string, PropertyValue>>(
    `select rolname as name, rolcanlogin as login, rolsuper as superuser, rolcreatedb as "createDatabase", rolcreaterole as "createRole",
            rolinherit as inherit, rolreplication as replication, rolbypassrls as "bypassRowLevelSecurity",
            rolconnlimit as "connectionLimit", coalesce(rolvaliduntil::text, 'infinity') as "validUntil",
            array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid) as roles
       from pg_roles r where rolname = $1`,
    [name],
  );
  return found.rows[0];
}

/**
 * Drops a role after giving what it owns in this database to the administrator. Nothing to do when it is gone. One that another database
 * mentions, which any owner of one can bring about, is disabled instead, see `disableRole`.
 */
export async function deleteRole(client: pg.Client, name: string, state: Properties): Promise<void> {
  if (state['skipDropRole'] === true || !(await roleExists(client, name))) return;
  const role = pg.escapeIdentifier(name);
  if (state['skipReassignOwned'] !== true)
    await withMembership(client, name, async () => {
      await client.query(`reassign owned by ${role} to current_user`);
      await client.query(`drop owned by ${role}`);
    });
  try {
    await client.query(`drop role if exists ${role}`);
  } catch (error) {
    if (!isStillMentioned(error)) throw error;
    await inTransaction(client, () => disableRole(client, name, error));
  }
}

async function attributes(properties: Properties, withPassword = true): Promise<string> {
  const flag = (property: string, word: string): string => `${properties[property] === true ? '' : 'no'}${word}`;
  const clauses = [
    flag('login', 'login'),
    flag('createDatabase', 'createdb'),
    flag('createRole', 'createrole'),
    flag('inherit', 'inherit'),
  ];
  // Only a superuser may so much as mention these, even to leave them off.
  if (properties['superuser'] === true) clauses.push('superuser');
  if (properties['replication'] === true) clauses.push('replication');
  if (properties['bypassRowLevelSecurity'] === true) clauses.push('bypassrls');
  clauses.push(`connection limit ${Number(properties['connectionLimit'])}`);
  clauses.push(`valid until ${pg.escapeLiteral(text(properties['validUntil'], 'infinity'))}`);
  const password = properties['password'];
  if (withPassword)
    clauses.push(typeof password === 'string' ? `password ${pg.escapeLiteral(await scramVerifier(password))}` : 'password null');
  return clauses.join(' ');
}

async function setParameters(client: pg.Client, name: string, properties: Properties): Promise<void> {
  const paths = texts(properties['searchPaths']).map((path) => pg.escapeIdentifier(path));
  await setParameter(client, name, 'search_path', paths.join(', '));
  await setParameter(client, name, 'statement_timeout', milliseconds(properties['statementTimeout']));
  await setParameter(client, name, 'idle_in_transaction_session_timeout', milliseconds(properties['idleInTransactionSessionTimeout']));
}

async function setParameter(client: pg.Client, name: string, parameter: string, value: string): Promise<void> {
  await client.query(`alter role ${pg.escapeIdentifier(name)} ${value ? `set ${parameter} to ${value}` : `reset ${parameter}`}`);
}

/** 0 means none, which is what a reset gives. */
function milliseconds(value: PropertyValue | undefined): string {
  return Number(value ?? 0) > 0 ? String(Number(value)) : '';
}

async function setMemberships(client: pg.Client, name: string, wanted: string[]): Promise<void> {
  const current = texts((await readRole(client, name))?.['roles']);
  for (const group of current.filter((group) => !wanted.includes(group)))
    await client.query(`revoke ${pg.escapeIdentifier(group)} from ${pg.escapeIdentifier(name)}`);
  for (const group of wanted.filter((group) => !current.includes(group)))
    await client.query(`grant ${pg.escapeIdentifier(group)} to ${pg.escapeIdentifier(name)}`);
}

/** Runs statements as one transaction: an error leaves nothing half done. */
export async function inTransaction<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await use();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
