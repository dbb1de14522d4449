import { z } from 'zod';
import { commaList, commonConfig, connectionUrl } from '../shared/config.ts';

/** Environment of one tenant's instance; the same for `main.ts` and `migrate.ts`. */
export const instanceConfigSchema = z.object({
  ...commonConfig,
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
  ALLOWED_ORIGINS: commaList.pipe(z.array(z.url())).default([]),
  EMAIL_VERIFICATION_REQUIRED: z.stringbool().default(false),
  MODE: z.enum(['standalone', 'saas']).default('standalone'),
  /** Where customers reach this application, for links in e-mails. */
  PUBLIC_URL: z.url().optional(),
});

export type InstanceConfig = Readonly<z.output<typeof instanceConfigSchema>>;
