import { z } from 'zod';

/** The providers that better-auth knows and the product offers. Equal to services/shared/app-config.ts. */
export const socialProviderNames = ['google', 'github', 'microsoft', 'gitlab', 'discord', 'facebook', 'linkedin', 'apple'] as const;
export type SocialProviderName = (typeof socialProviderNames)[number];

const credential = z.string().min(1).max(2_048);
/** Whose addresses the provider answers for (address-authority.ts); `*` is every domain. */
const domains = z
  .array(z.string().max(253))
  .transform((names) => names.map((name) => name.toLowerCase()))
  .optional();
const client = { clientId: credential, clientSecret: credential, domains };
const socialProvider = z.strictObject(client);
const oidcProvider = z.strictObject({ issuer: z.url({ protocol: /^https$/ }), ...client });

export const socialProvidersSchema = z.partialRecord(z.enum(socialProviderNames), socialProvider);
export const oidcProvidersSchema = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), oidcProvider)
  .refine((providers) => socialProviderNames.every((name) => !(name in providers)), {
    error: 'must not use the name of a social provider',
  });

export interface ProviderSettings {
  social: z.output<typeof socialProvidersSchema>;
  oidc: z.output<typeof oidcProvidersSchema>;
}
