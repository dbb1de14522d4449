import { z } from 'zod';
import { commaList, commonConfig, connectionUrl, metricsConfig } from '../shared/config.ts';
import { guardConfig } from '../shared/guard/guess-policies.ts';
import { tracingConfig } from '../shared/tracing.ts';
import { defaultPasswordHashCost } from './auth/password-hasher.ts';
import { oidcProvidersSchema, socialProvidersSchema } from './social/provider-settings.ts';

/** Environment of one tenant's instance. */
export const instanceConfigSchema = z.object({
  ...commonConfig,
  ...tracingConfig,
  ...metricsConfig,
  ...guardConfig,
  APP_ID: z.string().regex(/^app_[a-z0-9]{6,24}$/, 'must look like app_abc123'),
  DATABASE_URL: connectionUrl('postgres', 'postgresql'),
  /**
   * Connections of one replica. The tenant's role may have 20 (tenant program): two replicas, the surge of a rolling update and the
   * migration fit.
   */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(5),
  REDIS_URL: connectionUrl('redis', 'rediss'),
  /** What the proxy must present in x-authsome-instance-token. */
  INSTANCE_TOKEN: z.string().min(32),
  /** Signs what better-auth signs; never leaves the instance. */
  AUTH_SECRET: z.string().min(32),
  SESSION_TIMEOUT_SECONDS: z.coerce.number().int().min(300).max(31_536_000).default(604_800),
  /** From its sign-in to a session's end, however much it is used; 90 days if not given, or the timeout if that is longer. */
  SESSION_LIFETIME_SECONDS: z.coerce.number().int().min(300).max(31_536_000).optional(),
  ALLOWED_ORIGINS: commaList.pipe(z.array(z.url())).default([]),
  EMAIL_VERIFICATION_REQUIRED: z.stringbool().default(false),
  MODE: z.enum(['standalone', 'saas']).default('standalone'),
  /** Where customers reach this application, for links in e-mails. */
  PUBLIC_URL: z.url().optional(),
  /** log2 of scrypt's N; the other parameters follow (password-hasher.ts). Hashes keep their own, so it can be changed at any time. */
  PASSWORD_HASH_COST: z.coerce.number().int().min(13).max(17).default(defaultPasswordHashCost),
  EMAIL_SMTP_URL: connectionUrl('smtp', 'smtps').optional(),
  /** Of the whole application. More are not sent: a person's request for another one comes later. */
  MAILS_PER_HOUR: z.coerce.number().int().min(1).max(1_000_000).default(3_000),
  EMAIL_FROM: z.string().max(254).optional(),
  SOCIAL_PROVIDERS: jsonOf(socialProvidersSchema).default({}),
  OIDC_PROVIDERS: jsonOf(oidcProvidersSchema).default({}),
});

export type InstanceConfig = Readonly<z.output<typeof instanceConfigSchema>>;

/** JSON in a variable. What is wrong is told without the text: secrets are in it. */
function jsonOf<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, ctx): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        ctx.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
