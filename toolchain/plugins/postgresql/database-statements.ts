import pg from 'pg';
import type { State } from '../shared/resource-provider.ts';
import type { Properties, PropertyValue } from '../shared/wire-values.ts';
import { text } from '../shared/wire-values.ts';
import { withMembership } from './with-membership.ts';

/**
 * Creates a database, or adopts the one of that name when it is what a crashed create leaves: owned by the wanted owner or still by
 * the administrator. One that belongs to another role is somebody's, and is refused.
 */
export async function createDatabase(client: pg.Client, properties: Properties): Promise<void> {
  const name = text(properties['name']);
  const existing = await client.query<{ owner: string; self: boolean }>(
    `select pg_get_userbyid(datdba) as owner, pg_get_userbyid(datdba) = current_user as self from pg_database where datname = $1`,
    [name],
  );
  const found = existing.rows[0];
  if (found && !found.self && found.owner !== properties['owner'])
    throw new Error(`database ${name} exists and belongs to ${found.owner}; it is not adopted`);
  if (!found) await client.query(`create database ${pg.escapeIdentifier(name)} with ${creationClauses(properties)}`);
  await updateDatabase(client, name, properties);
}

/** Sets what can be changed on an existing database: limits and flags first, the owner last, as he may then be another. */
export async function updateDatabase(client: pg.Client, name: string, properties: Properties): Promise<void> {
  await asOwner(client, name, async () => {
    const options = [`connection limit ${Number(properties['connectionLimit'])}`];
    options.push(`allow_connections ${properties['allowConnections'] !== false}`);
    if (typeof properties['isTemplate'] === 'boolean') options.push(`is_template ${properties['isTemplate']}`);
    await client.query(`alter database ${pg.escapeIdentifier(name)} with ${options.join(' ')}`);
    await moveTablespace(client, name, properties['tablespaceName']);
    await setOwner(client, name, properties['owner']);
  });
}

/** What the server says about a database, or undefined when there is none. */
export async function readDatabase(client: pg.Client, name: string): Promise<State | undefined> {
  const found = await client.query<Record<string, PropertyValue>>(
    `select datname as name, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding, datcollate as "lcCollate",
            datctype as "lcCtype", datconnlimit as "connectionLimit", datallowconn as "allowConnections", datistemplate as "isTemplate",
            spcname as "tablespaceName"
       from pg_database d join pg_tablespace t on t.oid = d.dattablespace where datname = $1`,
    [name],
  );
  return found.rows[0];
}

/** Drops a database, ending the sessions that use it (PostgreSQL 13 and later). Nothing to do when it is gone. */
export async function deleteDatabase(client: pg.Client, name: string): Promise<void> {
  await asOwner(client, name, async () => {
    const found = await client.query<{ template: boolean }>('select datistemplate as template from pg_database where datname = $1', [name]);
    if (found.rows[0]?.template) await client.query(`alter database ${pg.escapeIdentifier(name)} with is_template false`);
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  });
}

function creationClauses(properties: Properties): string {
  // DEFAULT is a keyword, which must not be quoted.
  const literal = (property: string): string => unlessDefault(text(properties[property]), (value) => pg.escapeLiteral(value));
  const identifier = (property: string): string => unlessDefault(text(properties[property]), (value) => pg.escapeIdentifier(value));
  const clauses = [
    `template ${identifier('template')}`,
    `encoding ${literal('encoding')}`,
    `lc_collate ${literal('lcCollate')}`,
    `lc_ctype ${literal('lcCtype')}`,
  ];
  if (properties['tablespaceName'] !== undefined) clauses.push(`tablespace ${identifier('tablespaceName')}`);
  return clauses.join(' ');
}

function unlessDefault(value: string, quote: (value: string) => string): string {
  return value === 'DEFAULT' ? 'default' : quote(value);
}

async function setOwner(client: pg.Client, name: string, owner: PropertyValue | undefined): Promise<void> {
  if (typeof owner !== 'string' || (await readDatabase(client, name))?.['owner'] === owner) return;
  const role = owner === 'DEFAULT' ? 'current_user' : pg.escapeIdentifier(owner);
  await withMembership(client, owner, () => client.query(`alter database ${pg.escapeIdentifier(name)} owner to ${role}`));
}

async function moveTablespace(client: pg.Client, name: string, tablespace: PropertyValue | undefined): Promise<void> {
  if (typeof tablespace !== 'string' || tablespace === 'DEFAULT') return;
  if ((await readDatabase(client, name))?.['tablespaceName'] === tablespace) return;
  await client.query(`alter database ${pg.escapeIdentifier(name)} set tablespace ${pg.escapeIdentifier(tablespace)}`);
}

async function asOwner<T>(client: pg.Client, name: string, use: () => Promise<T>): Promise<T> {
  const owner = (await readDatabase(client, name))?.['owner'];
  return typeof owner === 'string' ? withMembership(client, owner, use) : use();
}
