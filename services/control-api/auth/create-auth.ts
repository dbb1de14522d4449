import { createHash } from 'node:crypto';
import { betterAuth } from 'better-auth';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { newId } from '../../shared/ids.ts';
import type { IdPrefix } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';

/** How long a login lasts, however much it is used; its JWT ends at the same time. */
export const sessionSeconds = 7 * 24 * 3_600;
export const passwordLength = { min: 10, max: 128 } as const;

/** The header through which routes hand the caller's address to better-auth, which stores it with the session. */
export const clientAddressHeader = 'x-authsome-client-address';

const idPrefixes: Readonly<Record<string, IdPrefix>> = { user: 'usr', session: 'ses', account: 'acc', verification: 'ver' };

interface AuthOptions {
  db: Kysely<Database>;
  secret: string;
  publicUrl: string;
  log: Log;
}

export type Auth = ReturnType<typeof createAuth>;

/** better-auth for owners' accounts: email and password, in the control database's own tables. Only its server-side API is used. */
export function createAuth({ db, secret, publicUrl, log }: AuthOptions) {
  return betterAuth({
    secret,
    baseURL: publicUrl,
    basePath: '/control/v1/auth',
    database: { db, type: 'postgres', transaction: true },
    emailAndPassword: { enabled: true, minPasswordLength: passwordLength.min, maxPasswordLength: passwordLength.max },
    user: { modelName: 'users', fields: { emailVerified: 'email_verified', ...timeFields } },
    session: {
      modelName: 'sessions',
      fields: { userId: 'user_id', expiresAt: 'expires_at', ipAddress: 'ip_address', userAgent: 'user_agent', ...timeFields },
      expiresIn: sessionSeconds,
    },
    // Only the hash leaves better-auth: its own token opens nothing here, and must not be one that opens something elsewhere one day.
    databaseHooks: {
      session: { create: { before: (session) => Promise.resolve({ data: { ...session, token: hashed(session.token) } }) } },
    },
    account: {
      modelName: 'accounts',
      fields: {
        userId: 'user_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        ...timeFields,
      },
    },
    verification: { modelName: 'verifications', fields: { expiresAt: 'expires_at', ...timeFields } },
    advanced: {
      database: { generateId: ({ model }) => newId(idPrefixes[model] ?? 'usr') },
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    // limits/rate-limit.ts counts in Redis, for all replicas together.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Its messages may quote input; failures reach the error handler anyway.
    logger: { log: (level, message) => log.debug({ level, detail: message }, 'better-auth') },
  });
}

function hashed(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

const timeFields = { createdAt: 'created_at', updatedAt: 'updated_at' } as const;
