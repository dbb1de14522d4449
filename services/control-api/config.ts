import { z } from 'zod';
import { guardConfig } from '../shared/guard/guess-policies.ts';
import { tracingConfig } from '../shared/tracing.ts';
import { base64Key, commaList, commonConfig, connectionUrl, metricsConfig, parseConfig } from '../shared/config.ts';

const region = z.string().regex(/^[a-z]{2}-[a-z]+-\d$/, 'must be regions such as us-east-1');
const baseUrl = connectionUrl('http', 'https').transform((url) => url.replace(/(?<!\/)\/+$/, ''));

export const configSchema = z.object({
  ...commonConfig,
  ...metricsConfig,
  ...guardConfig,
  ...tracingConfig,
  DATABASE_URL: connectionUrl('postgres', 'postgresql'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  REDIS_URL: connectionUrl('redis', 'rediss'),
  NATS_URL: connectionUrl('nats', 'tls'),
  /** Copies of each JetStream stream: 3 on a NATS cluster. */
  NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  ENCRYPTION_KEY: base64Key,
  AUTH_SECRET: z.string().min(32),
  /** What the platform's operator shows to /operator/v1; without it those paths don't exist. */
  OPERATOR_TOKEN: z.string().min(32).optional(),
  /** Base of this API as owners reach it, without /control/v1. */
  PUBLIC_URL: baseUrl,
  /** Base of the proxy as customers reach it, without /v1. */
  CUSTOMER_API_URL: baseUrl,
  /** Where applications may be created. */
  REGIONS: commaList.pipe(z.array(region).min(1)),
  /** Reverse proxies in front whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Sign-ups from one address in a minute. */
  AUTH_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(10_000).default(30),
  /** Logins to one account in a minute, with the right password: each makes a session and costs a hash. */
  LOGINS_PER_MINUTE: z.coerce.number().int().min(1).max(100_000).default(120),
});

export type Config = Readonly<z.output<typeof configSchema>>;

/** @throws ConfigError */
export const readConfig = (env: NodeJS.ProcessEnv): Config => parseConfig(configSchema, env);
