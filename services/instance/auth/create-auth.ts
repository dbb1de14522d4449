import { betterAuth } from 'better-auth';
import type { BetterAuthOptions } from 'better-auth';
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

export interface AuthSettings {
  secret: string;
  /** Seconds of disuse after which a session ends. */
  sessionTimeoutSeconds: number;
  /** Seconds after its sign-in at which a session ends, however much it is used. */
  sessionLifetimeSeconds: number;
  emailVerificationRequired: boolean;
  /** Mails of the application in an hour. */
  mailsPerHour: number;
  publicUrl: string | undefined;
  providers: ProviderSettings;
}

interface AuthDeps {
  database: AuthDatabase;
  settings: AuthSettings;
  log: Log;
}

const idPrefixes: Readonly<Record<string, IdPrefix>> = {
  user: 'usr',
  session: 'ses',
  account: 'acc',
  verification: 'ver',
  twoFactor: 'mfa',
  jwks: 'jwk',
};

export type Auth = ReturnType<typeof createAuth>;

/**
 * better-auth as a library: its schema, keys for JWTs, encryption and providers. Its HTTP handler is not mounted. Users, passwords and sessions
 * are ours: it would store session tokens as they are, and give an unproven address to whoever came first.
 */
export function createAuth(deps: AuthDeps) {
  return betterAuth(authOptions(deps));
}

/** The options alone, for the migration, which derives the schema from them. */
export function authOptions({ database, settings, log }: AuthDeps) {
  return {
    appName: 'AuthSome',
    // Required, but used only in links; without it better-auth would guess from requests that it never sees.
    baseURL: settings.publicUrl ?? 'http://localhost',
    secret: settings.secret,
    database: { db: database, type: 'postgres', transaction: true },
    user: { additionalFields: userFields },
    socialProviders: socialProviderOptions(settings.providers),
    plugins: [
      // Its table. Its enrolment reads sessions by their token, which is not stored; its challenge is a cookie and covers passwords only. Ours
      // (totp.ts) covers every way of signing in.
      twoFactor(),
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
