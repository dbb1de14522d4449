import { createHash } from 'node:crypto';
import { getAuthTables } from 'better-auth/db';
import { getMigrations } from 'better-auth/db/migration';
import { sql } from 'kysely';
import type { Log } from '../shared/log.ts';
import type { AuthDatabase, AuthExecutor } from './auth/auth-database.ts';
import { authOptions } from './auth/create-auth.ts';
import type { AuthSettings } from './auth/create-auth.ts';
import { searchedText } from './auth/search-text.ts';
import { socialProviderNames } from './social/provider-settings.ts';
import type { ProviderSettings } from './social/provider-settings.ts';

/**
 * Changes of what is stored already, each of which finds nothing to do a second time.
 *
 * Session tokens of versions before hashing have 32 characters, hashes 64. The issuer is part of what names an account; passwords and the
 * public providers have none. An index over provider and subject alone would refuse an equal subject of another issuer.
 */
const dataChanges = `
create unique index if not exists account_identity_uidx on account ("providerId", coalesce(issuer, ''), "accountId");
drop index if exists "account_providerId_accountId_uidx";
update session set token = encode(sha256(convert_to(token, 'UTF8')), 'hex') where length(token) = 32;
update account set issuer = '' where issuer is null and "providerId" in (${['credential', ...socialProviderNames].map((name) => `'${name}'`).join(', ')});
`;

export interface MigrateOptions {
  database: AuthDatabase;
  settings: AuthSettings;
  log: Log;
}

/** Any constant of our own; the database belongs to this tenant alone. */
const lockKey = 7_310_251;

/**
 * What searching for parts of names and addresses needs; better-auth can't say it. The extension is a trusted one: the database's owner may
 * make it. Where the server does not have it, searches read the whole table. So do those that have no ASCII letter or digit, as pg_trgm knows no
 * others in a database of locale C.
 */
const searchIndexes = (db: AuthExecutor): string => `
do $$
begin
  if exists (select 1 from pg_available_extensions where name = 'pg_trgm') then
    create extension if not exists pg_trgm;
    create index if not exists "user_email_trgm" on "user" using gin (email gin_trgm_ops);
    create index if not exists "user_searched_name_trgm" on "user" using gin (${searchedText(sql.ref('name')).compile(db).sql} gin_trgm_ops);
  end if;
end $$`;
/** Of earlier versions, whose searches knew ASCII alone. */
const formerIndex = 'user_name_trgm';

/**
 * Brings the tenant's schema to what better-auth's options ask for: it only adds. Replicas that start together wait for one another; the
 * later ones find nothing to do. All in one transaction, so that a crash leaves the schema as it was.
 *
 * A fingerprint of the wanted schema is kept as the comment of the user table. Where it is the same, one query is all there is to do.
 *
 * @returns the tables that were created or extended
 */
export async function migrateAuth({ database, settings, log }: MigrateOptions): Promise<string[]> {
  const wanted = fingerprint({ database, settings, log });
  if ((await readFingerprint(database)) === wanted) {
    log.info({ changed: [] }, 'Schema is up to date');
    return [];
  }
  const changes = await database.transaction().execute(async (transaction) => {
    await sql`set local statement_timeout = 0`.execute(transaction);
    await sql`select pg_advisory_xact_lock(${lockKey})`.execute(transaction);
    if ((await readFingerprint(transaction)) === wanted) return [];
    const { toBeCreated, toBeAdded, toBeAddedIndexes, compileMigrations } = await getMigrations(
      optionsFor({ database: transaction, settings, log }),
    );
    const changed = [...new Set([...toBeCreated, ...toBeAdded, ...toBeAddedIndexes].map(({ table }) => table))];
    // All statements in one round trip: a new tenant waits for them.
    const statements = changed.length > 0 ? await compileMigrations() : '';
    await sql.raw(`${statements}${searchIndexes(transaction)}; ${dataChanges} comment on table "user" is '${wanted}'`).execute(transaction);
    await stampIssuers(transaction, settings.providers);
    log.info({ changed }, 'Schema is up to date');
    return changed;
  });
  // Outside of the transaction, in which it would keep everyone from the table until all of it is done. One that stays costs time alone.
  await sql`drop index concurrently if exists ${sql.ref(formerIndex)}`
    .execute(database)
    .catch((err: unknown) => log.warn({ err }, 'Former search index could not be dropped'));
  return changes;
}

async function readFingerprint(db: AuthExecutor): Promise<string | null> {
  const { rows } = await sql<{ comment: string | null }>`select obj_description(to_regclass('"user"'), 'pg_class') as comment`.execute(db);
  return rows[0]?.comment ?? null;
}

function fingerprint(options: MigrateOptions): string {
  const tables = JSON.stringify([getAuthTables(optionsFor(options)), searchIndexes(options.database), dataChanges]);
  return `schema ${createHash('sha256').update(tables).digest('hex').slice(0, 32)}`;
}

function optionsFor({ database, settings, log }: MigrateOptions) {
  return authOptions({ database, settings, log });
}

/** Accounts from before the issuer was kept are of the issuer that is set up now. */
async function stampIssuers(db: AuthExecutor, { oidc }: ProviderSettings): Promise<void> {
  for (const [providerId, { issuer }] of Object.entries(oidc)) {
    await db.updateTable('account').set({ issuer }).where('providerId', '=', providerId).where('issuer', 'is', null).execute();
  }
}
