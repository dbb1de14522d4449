import { z } from 'zod';
import { fieldName, findTextFault } from '../../../domain/text.ts';
import { newId } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from './auth-database.ts';
import { emailSchema, imageSchema, metadataSchema, nameSchema } from './field-schemas.ts';
import { insertUser } from './insert-user.ts';
import { isKnownPasswordHash } from './password-hasher.ts';
import type { RefusalTime } from './refusal-time.ts';
import { findUserByEmail } from './user-store.ts';

/** In one request: at some 2 ms a row, well within the proxy's time. */
export const maxImportedUsers = 1_000;

const importedUser = z.strictObject({
  email: emailSchema,
  name: nameSchema.optional(),
  image: imageSchema.optional(),
  emailVerified: z.boolean().optional(),
  passwordHash: z
    .string()
    .max(512)
    .refine(isKnownPasswordHash, {
      error:
        'must be a bcrypt, scrypt, argon2, PBKDF2, Firebase or ASP.NET Identity hash in a documented form and within the documented costs',
    })
    .optional(),
  metadata: metadataSchema.optional(),
  createdAt: z.iso.datetime({ offset: true }).optional(),
});

export type ImportResult =
  | { status: 'created' | 'exists'; userId: string }
  | { status: 'invalid'; problem: { field: string; reason: string } }
  | { status: 'failed' };

/**
 * Takes users over from elsewhere, each in a statement of its own: whole or not at all. A user whose address is there already is left alone, so the same
 * request can be sent again.
 *
 * @returns one result a row, in the rows' order
 */
export type ImportUsers = (rows: readonly unknown[]) => Promise<ImportResult[]>;

interface ImportUsersDeps {
  database: AuthDatabase;
  refusalTime: RefusalTime;
  log: Log;
}

export function createImportUsers({ database, refusalTime, log }: ImportUsersDeps): ImportUsers {
  async function importOne(row: unknown): Promise<ImportResult> {
    const fault = findTextFault(row);
    if (fault) return { status: 'invalid', problem: { field: fieldName(fault.path) || 'row', reason: fault.reason } };
    const parsed = importedUser.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { status: 'invalid', problem: { field: fieldName(issue?.path ?? []) || 'row', reason: issue?.message ?? 'is not valid' } };
    }
    const { createdAt, ...user } = parsed.data;
    const id = newId('usr');
    const isNew = await insertUser(database, { ...user, id, createdAt: createdAt === undefined ? undefined : new Date(createdAt) });
    if (isNew) return { status: 'created', userId: id };
    const existing = await findUserByEmail(database, user.email);
    return existing ? { status: 'exists', userId: existing.id } : { status: 'failed' };
  }

  return async (rows) => {
    const results: ImportResult[] = [];
    // One after the other: an import must not take the connections that sign-ins need.
    for (const row of rows) {
      results.push(
        await importOne(row).catch((err: unknown): ImportResult => {
          log.error({ err }, 'User could not be imported');
          return { status: 'failed' };
        }),
      );
    }
    refusalTime.searchAgain();
    return results;
  };
}
