import { z } from 'zod';
import { base64Key, commonConfig, connectionUrl, metricsConfig } from '../services/shared/config.ts';
import { tracingConfig } from '../services/shared/tracing.ts';

export const proxyConfigSchema = z.object({
  ...commonConfig,
  ...metricsConfig,
  ...tracingConfig,
  /** Read-only: routes when Redis has lost them or is down. */
  DATABASE_URL: connectionUrl('postgres', 'postgresql'),
  REDIS_URL: connectionUrl('redis', 'rediss'),
  ENCRYPTION_KEY: base64Key,
  /** Reverse proxies in front (ingress, CDN) that append to X-Forwarded-For; the entries beyond them are the client's own words. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
});

export type ProxyConfig = Readonly<z.output<typeof proxyConfigSchema>>;
