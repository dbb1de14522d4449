import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { NewApiKey } from '../../shared/api-keys.ts';
import type { ApiKeysTable, Executor } from '../../shared/db/tables.ts';
import type { Page, Paged } from './page.ts';

export type ApiKeyRow = Selectable<ApiKeysTable>;

export interface ApiKeyInsert {
  applicationId: string;
  name: string;
  type: 'public' | 'secret';
  scopes: string[];
  expiresAt: Date | null;
  made: NewApiKey;
}

/** Inserts keys in one statement; of the key itself only the hash and the shown prefix. */
export function insertApiKeys(tx: Executor, keys: ApiKeyInsert[]): Promise<ApiKeyRow[]> {
  const rows = keys.map(({ applicationId, name, type, scopes, expiresAt, made: { id, prefix, hash } }) => ({
    ...{ id, prefix, hash, name, type, scopes },
    application_id: applicationId,
    expires_at: expiresAt,
  }));
  return tx.insertInto('api_keys').values(rows).returningAll().execute();
}

/** All keys of an application, revoked ones too, oldest first. */
export async function listApiKeys(db: Executor, applicationId: string, { limit, offset }: Page): Promise<Paged<ApiKeyRow>> {
  const matching = db.selectFrom('api_keys').where('application_id', '=', applicationId);
  const [rows, { total }] = await Promise.all([
    matching.selectAll().orderBy('created_at').orderBy('id').limit(limit).offset(offset).execute(),
    matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total };
}

/** Keys that were not revoked. */
export async function countLiveApiKeys(db: Executor, applicationId: string): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .where('application_id', '=', applicationId)
    .where('revoked_at', 'is', null)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** All keys of an application, revoked ones too. */
export async function countApiKeys(db: Executor, applicationId: string): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .where('application_id', '=', applicationId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** The application that a key belongs to. */
export function findApiKey(db: Executor, keyId: string): Promise<{ applicationId: string } | undefined> {
  return db.selectFrom('api_keys').where('id', '=', keyId).select('application_id as applicationId').executeTakeFirst();
}

/** Revokes one key. False where it already was. */
export async function revokeApiKey(tx: Executor, keyId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
