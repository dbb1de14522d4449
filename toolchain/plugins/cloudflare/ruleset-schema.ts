import type { types } from '@pulumi/cloudflare';
import type { PropertySchema } from '../shared/property-schema.ts';

type Official<Keys extends PropertyKey> = Record<Keys, PropertySchema>;

const sensitivityLevel: PropertySchema = { type: 'string', values: ['default', 'medium', 'low', 'eoff'] };

const categoryOverride = {
  category: { type: 'string', required: true },
  action: { type: 'string' },
  enabled: { type: 'boolean' },
  sensitivityLevel,
} satisfies Official<keyof types.input.RulesetRuleActionParametersOverridesCategory>;

const ruleOverride = {
  id: { type: 'string', required: true },
  action: { type: 'string' },
  enabled: { type: 'boolean' },
  scoreThreshold: { type: 'integer' },
  sensitivityLevel,
} satisfies Official<keyof types.input.RulesetRuleActionParametersOverridesRule>;

const overrides = {
  action: { type: 'string' },
  enabled: { type: 'boolean' },
  sensitivityLevel,
  categories: { type: 'objects', properties: categoryOverride },
  rules: { type: 'objects', properties: ruleOverride },
} satisfies Official<keyof types.input.RulesetRuleActionParametersOverrides>;

const response = {
  statusCode: { type: 'integer', required: true, min: 400, max: 499 },
  content: { type: 'string', required: true },
  contentType: { type: 'string', required: true },
} satisfies Official<keyof types.input.RulesetRuleActionParametersResponse>;

const browserTtl = {
  mode: { type: 'string', required: true, values: ['respect_origin', 'bypass_by_default', 'override_origin', 'bypass'] },
  default: { type: 'integer', min: 0 },
} satisfies Official<keyof types.input.RulesetRuleActionParametersBrowserTtl>;

/** Of the actions block, execute, skip and set_cache_settings. A parameter of another action is refused by its name. */
const actionParameters = {
  response: { type: 'object', properties: response },
  id: { type: 'string' },
  overrides: { type: 'object', properties: overrides },
  ruleset: { type: 'string', values: ['current'] },
  rulesets: { type: 'strings' },
  rules: { type: 'map' },
  phases: { type: 'strings' },
  products: { type: 'strings' },
  cache: { type: 'boolean' },
  browserTtl: { type: 'object', properties: browserTtl },
} satisfies Partial<Official<keyof types.input.RulesetRuleActionParameters>>;

const ratelimit = {
  characteristics: { type: 'strings', required: true },
  period: { type: 'integer', required: true, min: 0 },
  requestsPerPeriod: { type: 'integer', min: 1 },
  mitigationTimeout: { type: 'integer', min: 0, computed: true },
  countingExpression: { type: 'string' },
  requestsToOrigin: { type: 'boolean', default: false },
  scorePerPeriod: { type: 'integer' },
  scoreResponseHeaderName: { type: 'string' },
} satisfies Official<keyof types.input.RulesetRuleRatelimit>;

const exposedCredentialCheck = {
  passwordExpression: { type: 'string', required: true },
  usernameExpression: { type: 'string', required: true },
} satisfies Official<keyof types.input.RulesetRuleExposedCredentialCheck>;

const logging = { enabled: { type: 'boolean', computed: true } } satisfies Official<keyof types.input.RulesetRuleLogging>;

/** One rule of a ruleset. Cloudflare gives it its id, and a ref where it has none. */
export const rule = {
  action: { type: 'string', required: true },
  expression: { type: 'string', required: true },
  actionParameters: { type: 'object', properties: actionParameters },
  description: { type: 'string', default: '' },
  enabled: { type: 'boolean', default: true },
  exposedCredentialCheck: { type: 'object', properties: exposedCredentialCheck },
  id: { type: 'string', computed: true },
  logging: { type: 'object', properties: logging, computed: true },
  ratelimit: { type: 'object', properties: ratelimit },
  ref: { type: 'string', computed: true },
} satisfies Official<keyof types.input.RulesetRule>;

export const kinds = ['managed', 'custom', 'root', 'zone'];

export const phases = [
  'ddos_l4',
  'ddos_l7',
  'http_config_settings',
  'http_custom_errors',
  'http_log_custom_fields',
  'http_ratelimit',
  'http_request_cache_settings',
  'http_request_dynamic_redirect',
  'http_request_firewall_custom',
  'http_request_firewall_managed',
  'http_request_late_transform',
  'http_request_origin',
  'http_request_redirect',
  'http_request_sanitize',
  'http_request_sbfm',
  'http_request_transform',
  'http_response_cache_settings',
  'http_response_compression',
  'http_response_firewall_managed',
  'http_response_headers_transform',
  'magic_transit',
  'magic_transit_ids_managed',
  'magic_transit_managed',
  'magic_transit_ratelimit',
] as const;
