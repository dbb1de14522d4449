import { sql } from 'kysely';
import type { AuthDatabase } from '../auth/auth-database.ts';

/** Rows of one statement: well within the statement timeout, and few enough to hold up nobody. */
const batchSize = 5_000;
const expiringTables = ['session', 'oneTimeToken', 'verification', 'invitation'] as const;

/**
 * Deletes what has expired, in portions. Every replica does so: rows that another one is deleting are skipped.
 *
 * @returns whether there may be more
 */
export async function prune(database: AuthDatabase): Promise<boolean> {
  let mayBeMore = await hashStoredTokens(database);
  for (const table of expiringTables) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where "expiresAt" < now() limit ${batchSize} for update skip locked
      ))`.execute(database);
    mayBeMore ||= numAffectedRows >= BigInt(batchSize);
  }
  return mayBeMore;
}

/** A replica of a version before hashing, beside which this one started, stored session tokens as they are. Hashes have 64 characters. */
async function hashStoredTokens(database: AuthDatabase): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update session set token = encode(sha256(convert_to(token, 'UTF8')), 'hex') where ctid = any (array(
      select ctid from session where length(token) = 32 limit ${batchSize} for update skip locked
    ))`.execute(database);
  return numAffectedRows >= BigInt(batchSize);
}
