import { betterAuth } from 'better-auth';
import type { BetterAuthOptions, SecondaryStorage } from 'better-auth';
import { bearer } from 'better-auth/plugins/bearer';
import { jwt } from 'better-auth/plugins/jwt';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { newId } from '../../shared/ids.ts';
import type { IdPrefix } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';
import type { ProviderSettings } from '../social/provider-settings.ts';
import { socialProviderOptions } from '../social/providers.ts';
import { signingKeySeconds } from './access-tokens.ts';
import type { AuthDatabase } from './auth-database.ts';
import { authSchema, userFields } from './auth-schema.ts';
import { newBackupCodes } from './backup-codes.ts';
import { passwordLength } from './field-schemas.ts';
import type { PasswordHasher } from './password-hasher.ts';

export interface AuthSettings {
  secret: string;
  /** Seconds of disuse after which a session ends. */
  sessionTimeoutSeconds: number;
  emailVerificationRequired: boolean;
  publicUrl: string | undefined;
  providers: ProviderSettings;
}

interface AuthDeps {
  database: AuthDatabase;
  cache: SecondaryStorage;
  /** What better-auth's own endpoints hash with. */
  hasher: Pick<PasswordHasher, 'hash' | 'verify'>;
  settings: AuthSettings;
  log: Log;
}

/** A session in use is prolonged at most once a day; one with a short timeout, at half of it. */
const maxRefreshIntervalSeconds = 86_400;

const idPrefixes: Readonly<Record<string, IdPrefix>> = {
  user: 'usr',
  session: 'ses',
  account: 'acc',
  verification: 'ver',
  twoFactor: 'mfa',
  jwks: 'jwk',
};

export type Auth = ReturnType<typeof createAuth>;

/** better-auth as a library: routes call `auth.api.*` and its stores, its own HTTP handler is not mounted. */
export function createAuth(deps: AuthDeps) {
  return betterAuth(authOptions(deps));
}

export function refreshAfterSeconds({ sessionTimeoutSeconds }: Pick<AuthSettings, 'sessionTimeoutSeconds'>): number {
  return Math.min(maxRefreshIntervalSeconds, Math.floor(sessionTimeoutSeconds / 2));
}

/** The options alone, for the migration, which derives the schema from them. */
export function authOptions({ database, cache, hasher, settings, log }: AuthDeps) {
  return {
    appName: 'AuthSome',
    // Required, but used only in links; without it better-auth would guess from requests that it never sees.
    baseURL: settings.publicUrl ?? 'http://localhost',
    secret: settings.secret,
    database: { db: database, type: 'postgres', transaction: true },
    secondaryStorage: cache,
    user: { additionalFields: userFields },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      requireEmailVerification: settings.emailVerificationRequired,
      password: hasher,
    },
    socialProviders: socialProviderOptions(settings.providers),
    session: {
      expiresIn: settings.sessionTimeoutSeconds,
      updateAge: refreshAfterSeconds(settings),
      storeSessionInDatabase: true,
    },
    // Redis is a cache: what must survive its loss lives in PostgreSQL.
    verification: { storeInDatabase: true },
    plugins: [
      // Turns our session token into the signed cookie that better-auth's endpoints read; no cookie leaves the service.
      bearer(),
      // Enrolment and its table. Its challenge is a cookie and covers passwords only; ours (totp.ts) covers every way of signing in.
      twoFactor({ allowPasswordless: true, backupCodeOptions: { customBackupCodesGenerate: newBackupCodes } }),
      jwt({
        // Every library can verify it; many can't verify EdDSA, the plugin's default.
        jwks: { keyPairConfig: { alg: 'ES256' }, rotationInterval: signingKeySeconds.rotation, gracePeriod: signingKeySeconds.grace },
        // It would sign one at every look at a session.
        disableSettingJwtHeader: true,
      }),
      authSchema,
    ],
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
