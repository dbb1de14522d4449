import { betterAuth } from 'better-auth';
import type { BetterAuthOptions, SecondaryStorage } from 'better-auth';
import { bearer } from 'better-auth/plugins/bearer';
import { newId } from '../../shared/ids.ts';
import type { IdPrefix } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';
import type { AuthDatabase } from './auth-database.ts';

export interface AuthSettings {
  secret: string;
  /** Seconds of disuse after which a session ends. */
  sessionTimeoutSeconds: number;
  emailVerificationRequired: boolean;
  publicUrl: string | undefined;
}

interface AuthDeps {
  database: AuthDatabase;
  cache: SecondaryStorage;
  settings: AuthSettings;
  log: Log;
}

/** Bounds of a password's length: at least 8 as in NIST SP 800-63B; at most 128, so that hashing can't be made expensive. */
export const passwordLength = { min: 8, max: 128 } as const;

/** A session in use is prolonged at most once a day; one with a short timeout, at half of it. */
const maxRefreshIntervalSeconds = 86_400;

const idPrefixes: Readonly<Record<string, IdPrefix>> = { user: 'usr', session: 'ses', account: 'acc', verification: 'ver' };

export type Auth = ReturnType<typeof createAuth>;

/** better-auth as a library: routes call `auth.api.*`, its own HTTP handler is not mounted. */
export function createAuth(deps: AuthDeps) {
  return betterAuth(authOptions(deps));
}

/** The options alone, for the migration, which derives the schema from them. */
export function authOptions({ database, cache, settings, log }: AuthDeps) {
  return {
    appName: 'AuthSome',
    // Required, but used only in links; without it better-auth would guess from requests that it never sees.
    baseURL: settings.publicUrl ?? 'http://localhost',
    secret: settings.secret,
    database: { db: database, type: 'postgres', transaction: true },
    secondaryStorage: cache,
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      requireEmailVerification: settings.emailVerificationRequired,
    },
    session: {
      expiresIn: settings.sessionTimeoutSeconds,
      updateAge: Math.min(maxRefreshIntervalSeconds, Math.floor(settings.sessionTimeoutSeconds / 2)),
      storeSessionInDatabase: true,
    },
    // Redis is a cache: what must survive its loss lives in PostgreSQL.
    verification: { storeInDatabase: true },
    // Turns our session token into the signed cookie that better-auth's endpoints read; no cookie leaves the service.
    plugins: [bearer()],
    // The proxy limits requests per key; cookies, and with them cross-site requests, do not exist here.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    advanced: {
      disableCSRFCheck: true,
      disableOriginCheck: true,
      ipAddress: { ipAddressHeaders: ['x-forwarded-for'] },
      database: {
        generateId: ({ model }) => newId(idPrefixes[model] ?? 'ver'),
        // The process has migrated before it listens; readiness looks for the table. Introspection would cost the first request its time.
        validateSchema: false,
      },
    },
    logger: {
      level: 'warn',
      // Its warnings are users' mistakes (wrong password), answered with 4xx; its errors come to us as exceptions as well.
      log: (level, message) => log.debug({ source: 'better-auth', level, text: message }, 'Message of better-auth'),
    },
  } satisfies BetterAuthOptions;
}
