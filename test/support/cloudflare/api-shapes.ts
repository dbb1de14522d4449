import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';

// The bodies of requests as Cloudflare's API reference has them (developers.cloudflare.com/api), for what the platform's edge uses. Strict: a
// field that the reference does not have is refused, as are values outside of its lists and limits.

const id = z.string().regex(/^[0-9a-f]{32}$/);
const hostName = z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/);

const recordFields = {
  name: z.string().min(1).max(255),
  ttl: z.union([z.literal(1), z.number().min(60).max(86_400)]),
  proxied: z.boolean().optional(),
  comment: z.string().max(100).optional(),
  tags: z.array(z.string()).optional(),
  private_routing: z.boolean().optional(),
  settings: z.strictObject({ ipv4_only: z.boolean().optional(), ipv6_only: z.boolean().optional() }).optional(),
};

export const dnsRecord = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('A'), content: z.string().refine(isIPv4), ...recordFields }),
  z.strictObject({ type: z.literal('AAAA'), content: z.string().refine(isIPv6), ...recordFields }),
  z.strictObject({
    type: z.literal('CNAME'),
    content: hostName,
    ...recordFields,
    settings: z
      .strictObject({ ipv4_only: z.boolean().optional(), ipv6_only: z.boolean().optional(), flatten_cname: z.boolean().optional() })
      .optional(),
  }),
  z.strictObject({ type: z.literal('TXT'), content: z.string().min(1), ...recordFields }),
]);

const onOff = z.enum(['on', 'off']);

/** The settings of a zone that the edge changes, with their values. */
export const zoneSettings: Record<string, z.ZodType> = {
  ssl: z.enum(['off', 'flexible', 'full', 'strict']),
  min_tls_version: z.enum(['1.0', '1.1', '1.2', '1.3']),
  tls_1_3: z.enum(['on', 'off', 'zrt']),
  '0rtt': onOff,
  always_use_https: onOff,
};

export const originPulls = z.strictObject({ enabled: z.boolean() });

export const certificateRequest = z.strictObject({
  csr: z.string().startsWith('-----BEGIN CERTIFICATE REQUEST-----'),
  hostnames: z.array(hostName).min(1).max(100),
  request_type: z.enum(['origin-rsa', 'origin-ecc', 'keyless-certificate']),
  requested_validity: z.literal([7, 30, 90, 365, 730, 1_095, 5_475]).optional(),
});

const response = z.strictObject({
  status_code: z.int().min(400).max(499),
  content: z.string().min(1).max(30_720),
  content_type: z.string().min(1),
});
const sensitivity = z.enum(['default', 'medium', 'low', 'eoff']);
const override = { action: z.string().optional(), enabled: z.boolean().optional(), sensitivity_level: sensitivity.optional() };

const ratelimit = z
  .strictObject({
    characteristics: z.array(z.string()).min(1),
    period: z.literal([10, 60, 120, 300, 600, 3_600]),
    requests_per_period: z.int().min(1),
    mitigation_timeout: z.literal([0, 10, 30, 60, 120, 300, 600, 3_600, 86_400]),
    counting_expression: z.string().min(1).optional(),
    requests_to_origin: z.boolean().optional(),
  })
  .refine(({ characteristics }) => characteristics.includes('cf.colo.id'), "characteristics must include 'cf.colo.id'");

const ruleFields = {
  id: id.optional(),
  ref: z.string().min(1).optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  expression: z.string().min(1).max(4_096).refine(isBalanced, 'unbalanced brackets or quotes in the expression'),
  logging: z.strictObject({ enabled: z.boolean() }).optional(),
};

const rule = z.discriminatedUnion('action', [
  z.strictObject({
    ...ruleFields,
    action: z.literal('block'),
    action_parameters: z.strictObject({ response: response.optional() }).optional(),
    ratelimit: ratelimit.optional(),
  }),
  z.strictObject({ ...ruleFields, action: z.literal('log') }),
  z.strictObject({
    ...ruleFields,
    action: z.literal('managed_challenge'),
    ratelimit: ratelimit.refine((limit) => limit.mitigation_timeout === 0, 'mitigation_timeout must be 0 with a challenge').optional(),
  }),
  z.strictObject({
    ...ruleFields,
    action: z.literal('execute'),
    action_parameters: z.strictObject({
      id,
      overrides: z
        .strictObject({
          ...override,
          categories: z
            .array(z.strictObject({ category: z.string().min(1), ...override }))
            .min(1)
            .optional(),
          rules: z
            .array(z.strictObject({ id, score_threshold: z.int().optional(), ...override }))
            .min(1)
            .optional(),
        })
        .optional(),
    }),
  }),
  z.strictObject({
    ...ruleFields,
    action: z.literal('set_cache_settings'),
    action_parameters: z.strictObject({
      cache: z.boolean().optional(),
      browser_ttl: z
        .strictObject({ mode: z.enum(['respect_origin', 'bypass_by_default', 'override_origin', 'bypass']), default: z.int().optional() })
        .optional(),
    }),
  }),
]);

/** Which actions a rule may have in each phase. */
const actions: Record<string, readonly string[]> = {
  http_request_firewall_custom: ['block', 'log', 'managed_challenge'],
  http_request_firewall_managed: ['execute'],
  http_ratelimit: ['block', 'log', 'managed_challenge'],
  http_request_cache_settings: ['set_cache_settings'],
};

export const ruleset = z
  .strictObject({
    kind: z.literal('zone'),
    name: z.string().min(1).max(64),
    phase: z.enum(Object.keys(actions) as [string]),
    description: z.string().max(500).optional(),
    rules: z.array(rule).optional(),
  })
  .superRefine(({ phase, rules = [] }, context) => {
    for (const [index, { action, ...fields }] of rules.entries()) {
      const refuse = (message: string): void => context.addIssue({ code: 'custom', path: ['rules', index], message });
      if (!actions[phase]?.includes(action)) refuse(`action '${action}' is not allowed in phase '${phase}'`);
      if ((phase === 'http_ratelimit') !== 'ratelimit' in fields) refuse('ratelimit belongs to phase http_ratelimit, and to no other');
    }
    const refs = rules.flatMap(({ ref }) => ref ?? []);
    if (new Set(refs).size !== refs.length) context.addIssue({ code: 'custom', path: ['rules'], message: 'refs must be unique' });
  });

export type RulesetBody = z.output<typeof ruleset>;

function isBalanced(expression: string): boolean {
  const outside = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
  const depth = [...outside].reduce((level, letter) => level + (letter === '(' ? 1 : letter === ')' ? -1 : 0), 0);
  return depth === 0 && !outside.includes('"') && (outside.match(/\{/g)?.length ?? 0) === (outside.match(/\}/g)?.length ?? 0);
}
