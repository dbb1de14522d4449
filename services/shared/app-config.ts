import { isIP } from 'node:net';
import { z } from 'zod';

export const socialProviderNames = ['google', 'github', 'microsoft', 'gitlab', 'discord', 'facebook', 'linkedin', 'apple'] as const;
export type SocialProviderName = (typeof socialProviderNames)[number];

/** The longest client secret; Apple's is a signed JWT. */
const clientSecretLength = 1_024;
const appleClientSecretLength = 2_048;
const maxOidcProviders = 10;

// Control characters would end a header or a line of configuration; half a character (a lone surrogate) fits neither jsonb nor UTF-8.
const text = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

// Instances are given all of them as one text, separated by commas.
const origin = z
  .url({ protocol: /^https?$/ })
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}\s,]*$/u, 'must not contain blanks, commas or control characters');

const email = z.strictObject({
  from: text(254).refine(isMailbox, 'must be an address, or a name and an address: Name <a@b.example>'),
  smtp: z.strictObject({
    host: text(253).refine(isHost, 'must be a host name or an address, without a port'),
    port: z.int().min(1).max(65_535).default(587),
    username: text(1_024).optional(),
    password: text(1_024).optional(),
  }),
  /** Mails of the application in an hour; 3,000 if not given. */
  mailsPerHour: z.int().min(1).max(1_000_000).optional(),
});

/** Domains of e-mail addresses that a provider answers for: its word signs their users in. `*` is every domain. */
const domains = z
  .array(
    z
      .string()
      .max(253)
      .refine((domain) => domain === '*' || isHost(domain), 'must be a domain such as example.com, or *')
      .transform((domain) => domain.toLowerCase()),
  )
  .min(1, 'must have at least one domain')
  .max(50, 'must have at most 50 domains')
  .optional();

const client = (secretLength: number) => z.strictObject({ clientId: text(1_024), clientSecret: text(secretLength), domains }).optional();

// Each by name, so that an unknown one is told as the unknown field that it is.
const socialProviders = z.strictObject({
  google: client(clientSecretLength),
  github: client(clientSecretLength),
  microsoft: client(clientSecretLength),
  gitlab: client(clientSecretLength),
  discord: client(clientSecretLength),
  facebook: client(clientSecretLength),
  linkedin: client(clientSecretLength),
  apple: client(appleClientSecretLength),
} satisfies Record<SocialProviderName, z.ZodType>);

const oidcProviderName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a name is a lower-case letter, then at most 31 lower-case letters, digits or hyphens')
  .refine((name) => !socialProviderNames.some((social) => social === name), 'this name is a social provider’s');

const oidcProviders = z
  .record(
    oidcProviderName,
    z.strictObject({
      issuer: text(2_048).refine(isIssuer, 'must be an https URL without credentials, query and fragment'),
      clientId: text(1_024),
      clientSecret: text(clientSecretLength),
      domains,
    }),
    { error: (issue) => (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) },
  )
  .refine((providers) => Object.keys(providers).length <= maxOidcProviders, `must have at most ${maxOidcProviders} providers`);

/**
 * The part of an application's settings that its owner chooses. Equal in meaning to `config` of the tenant program's spec, which services
 * may not import; what is stored here must always pass there. Its secrets are stored apart: config-secrets.ts.
 */
export const appConfigSchema = z
  .strictObject({
    sessionTimeoutSeconds: z.int().min(300).max(31_536_000).default(604_800),
    /** From its sign-in to a session's end, however much it is used. Without it 90 days, or the timeout if that is longer. */
    sessionLifetimeSeconds: z.int().min(300).max(31_536_000).optional(),
    allowedOrigins: z.array(origin).max(50).default([]),
    emailVerificationRequired: z.boolean().default(false),
    mode: z.enum(['standalone', 'saas']).default('standalone'),
    email: email.optional(),
    socialProviders: socialProviders.prefault({}),
    oidcProviders: oidcProviders.prefault({}),
  })
  .refine((config) => !config.emailVerificationRequired || config.email !== undefined, {
    path: ['emailVerificationRequired'],
    error: 'needs email: without it nobody could be verified',
  })
  .refine(({ sessionTimeoutSeconds, sessionLifetimeSeconds = sessionTimeoutSeconds }) => sessionLifetimeSeconds >= sessionTimeoutSeconds, {
    path: ['sessionLifetimeSeconds'],
    error: 'must be at least sessionTimeoutSeconds',
  });

export type AppConfig = z.output<typeof appConfigSchema>;

/** RFC 5322's mailbox without its rare forms: `a@b.example`, `Name <a@b.example>` or `"Any, name" <a@b.example>`. */
function isMailbox(from: string): boolean {
  const [, address = from] = /^(?:[^()<>[\]:;@\\,"]+|"[^"\\<>]+") <([^<>]+)>$/.exec(from) ?? [];
  return z.email().safeParse(address).success;
}

function isHost(host: string): boolean {
  return isIP(host) !== 0 || (z.regexes.hostname.test(host) && !host.endsWith('.'));
}

/** OpenID Connect Discovery 1.0, section 3; credentials in a URL would be a secret in the open. */
function isIssuer(issuer: string): boolean {
  const url = URL.parse(issuer);
  return /^https:\/\/[^\s?#]+$/.test(issuer) && url !== null && url.username === '' && url.password === '';
}
