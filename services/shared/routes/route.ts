import { z } from 'zod';

/** Redis key of an application's route, and the channel that tells proxies to drop theirs (the message is the app id). */
export const routeKey = (appId: string): string => `route:${appId}`;
export const routeInvalidationChannel = 'routes:invalidate';

export const appStatuses = ['provisioning', 'active', 'updating', 'restarting', 'suspended', 'failed', 'deleting', 'deleted'] as const;
export type AppStatus = (typeof appStatuses)[number];

/** Counts the additions to a route: one in Redis that is of an older format is published again. Its index is made for this number. */
export const routeFormat = 1;

export const routeApiKeySchema = z.object({
  id: z.string(),
  type: z.enum(['public', 'secret']),
  /** SHA-256 of the whole key, hex; compared in constant time. */
  hash: z.string().length(64),
  scopes: z.array(z.string()),
  expiresAt: z.iso.datetime().nullable(),
});

/**
 * All that the proxy needs to serve one application: stored in Redis by whoever changes it (provisioner, control API), built from
 * the application's row and keys, and rebuilt from PostgreSQL when Redis has lost it.
 */
export const routeSchema = z.object({
  version: z.literal(1),
  appId: z.string(),
  /** Rows' update counter: a route never replaces one with a higher revision. */
  revision: z.int(),
  status: z.enum(appStatuses),
  plan: z.enum(['free', 'pro', 'enterprise']),
  environment: z.enum(['production', 'staging', 'development']),
  region: z.string(),
  internalUrl: z.string().nullable(),
  /** The instance's token, sealed with the platform's encryption key (secret-box.ts). */
  sealedInstanceToken: z.string().nullable(),
  keys: z.array(routeApiKeySchema),
  /** Whose pages may call the application. Null in a route of an older version: then only the instance knows. */
  allowedOrigins: z.array(z.string()).nullable().default(null),
});

export type Route = z.output<typeof routeSchema>;
export type RouteApiKey = z.output<typeof routeApiKeySchema>;
