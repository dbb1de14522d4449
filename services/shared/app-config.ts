import { z } from 'zod';

/**
 * The part of an application's settings that its owner chooses. Equal in meaning to `config` of the tenant program's spec, which services
 * may not import; what is stored here must always pass there.
 */
export const appConfigSchema = z.strictObject({
  sessionTimeoutSeconds: z.int().min(300).max(31_536_000).default(604_800),
  allowedOrigins: z
    .array(z.url({ protocol: /^https?$/ }).max(255))
    .max(50)
    .default([]),
  emailVerificationRequired: z.boolean().default(false),
  mode: z.enum(['standalone', 'saas']).default('standalone'),
});

export type AppConfig = z.output<typeof appConfigSchema>;
