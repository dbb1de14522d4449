import { isIP } from 'node:net';
import { z } from 'zod';

export const socialProviderNames = ['google', 'github', 'microsoft', 'gitlab', 'discord', 'facebook', 'linkedin', 'apple'] as const;
export type SocialProviderName = (typeof socialProviderNames)[number];

const clientText = (maxLength: number) => z.string().min(1).max(maxLength);
/** Domains of e-mail addresses that a provider answers for; `*` is every domain. */
const domains = z.array(z.string().min(1).max(253)).min(1).max(50).optional();
const oauthClient = z.strictObject({ clientId: clientText(1_024), clientSecret: clientText(1_024), domains });
/** Apple's client secret is a signed token, which is longer. */
const appleClient = z.strictObject({ clientId: clientText(1_024), clientSecret: clientText(2_048), domains });

const socialProviders = z.strictObject({
  google: oauthClient.optional(),
  github: oauthClient.optional(),
  microsoft: oauthClient.optional(),
  gitlab: oauthClient.optional(),
  discord: oauthClient.optional(),
  facebook: oauthClient.optional(),
  linkedin: oauthClient.optional(),
  apple: appleClient.optional(),
} satisfies Record<SocialProviderName, z.ZodType>);

const maxOidcProviders = 10;

const oidcProviders = z
  .record(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/)
      .refine((name) => !isSocialProvider(name), { error: 'is the name of a social provider' }),
    z.strictObject({ issuer: z.url({ protocol: /^https$/ }), clientId: clientText(1_024), clientSecret: clientText(1_024), domains }),
  )
  .refine((providers) => Object.keys(providers).length <= maxOidcProviders, { error: `must be at most ${maxOidcProviders}` });

/** `ada@example.com` or `Ada <ada@example.com>`; no line break, with which a sender could add headers of its own. */
const senderAddress = z
  .string()
  .max(254)
  .regex(/^(?:[^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'must be an e-mail address, or a name and <an e-mail address>');

const email = z.strictObject({
  from: senderAddress,
  smtp: z.strictObject({
    host: z
      .string()
      .max(253)
      .refine((host) => isIP(host) !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(host), {
        error: 'must be a host name or an address',
      }),
    port: z.int().min(1).max(65_535).default(587),
    username: z.string().min(1).max(1_024).optional(),
    password: z.string().min(1).max(1_024).optional(),
  }),
  mailsPerHour: z.int().min(1).max(1_000_000).optional(),
});

/** What an application's owner chooses. Equal in meaning to the services' own schema of it, which they don't share with this program. */
export const appConfigSchema = z
  .strictObject({
    sessionTimeoutSeconds: z.int().min(300).max(31_536_000).default(604_800),
    sessionLifetimeSeconds: z.int().min(300).max(31_536_000).optional(),
    allowedOrigins: z.array(z.url()).max(50).default([]),
    emailVerificationRequired: z.boolean().default(false),
    mode: z.enum(['standalone', 'saas']).default('standalone'),
    email: email.optional(),
    socialProviders: socialProviders.default({}),
    oidcProviders: oidcProviders.default({}),
  })
  .refine((config) => !config.emailVerificationRequired || config.email !== undefined, {
    path: ['emailVerificationRequired'],
    error: 'needs email to be set: nobody could be verified',
  })
  .refine(({ sessionTimeoutSeconds, sessionLifetimeSeconds = sessionTimeoutSeconds }) => sessionLifetimeSeconds >= sessionTimeoutSeconds, {
    path: ['sessionLifetimeSeconds'],
    error: 'must be at least sessionTimeoutSeconds',
  });

export type AppConfig = z.output<typeof appConfigSchema>;

function isSocialProvider(name: string): boolean {
  return (socialProviderNames as readonly string[]).includes(name);
}
