import pg from 'pg';
import { becomeMember } from '../../shared/db/become-member.ts';
import { disableRole, isStillMentioned } from './disable-role.ts';

/**
 * Drops an application's database, whoever is connected to it.
 *
 * @throws Error where it belongs to neither the application's role nor the administrator: it is somebody else's
 */
export async function dropDatabase(client: pg.ClientBase, name: string, role: string): Promise<void> {
  const { rows } = await client.query<{ owner: string; administered: boolean }>(
    `select pg_get_userbyid(datdba) as owner, pg_get_userbyid(datdba) = current_user as administered from pg_database where datname = $1`,
    [name],
  );
  const [found] = rows;
  if (found === undefined) return;
  if (!found.administered && found.owner !== role) throw new Error(`it belongs to ${found.owner}`);
  if (!found.administered) await becomeMember(client, found.owner);
  // Its owner may have said so, and a template can't be dropped.
  await client.query(`alter database ${pg.escapeIdentifier(name)} with is_template false`);
  await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

/**
 * Drops an application's role, with what it was allowed on the server; its own database has to be gone. The membership goes with it. One that
 * another database mentions is disabled instead, see `disableRole`.
 */
export async function dropRole(client: pg.ClientBase, name: string): Promise<void> {
  const { rows } = await client.query<{ superuser: boolean }>('select rolsuper as superuser from pg_roles where rolname = $1', [name]);
  const [found] = rows;
  if (found === undefined) return;
  if (found.superuser) throw new Error('it is a superuser');
  await becomeMember(client, name);
  await client.query(`drop owned by ${pg.escapeIdentifier(name)}`);
  try {
    await client.query(`drop role if exists ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    if (!isStillMentioned(error)) throw error;
    // All of it or nothing; whoever gave the connection closes it after an error.
    await client.query('begin');
    await disableRole(client, name, error);
    await client.query('commit');
  }
}
