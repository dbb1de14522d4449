import type { types } from '@pulumi/cloudflare';
import { hostIs } from './expressions.ts';
import { jsonResponse } from './json-response.ts';

type Rule = types.input.RulesetRule;

/** Cloudflare's own rulesets, the same in every account (developers.cloudflare.com/waf/managed-rules). */
const cloudflareManaged = 'efb7b8c949ac4650a09736fc376e9aee';
const owaspCore = '4814384a9e5d4991b9815dcfc25d2f1f';
/** Of the OWASP ruleset, the one rule that acts on the sum of the scores of the others. */
const owaspScoreRule = '6179ae15870a4bb7b2d480d4843b323c';
/** Cloudflare's "medium". "High" is 25, and blocks passwords with quotes and brackets in them. */
const owaspScoreThreshold = 40;

/** Phase http_request_firewall_managed: what is known to be an attack, on every host of the zone. */
export function managedRules(): Rule[] {
  return [
    {
      ref: 'authsome_managed',
      description: 'Cloudflare Managed Ruleset',
      expression: 'true',
      action: 'execute',
      actionParameters: { id: cloudflareManaged },
    },
    {
      ref: 'authsome_owasp',
      description: 'OWASP Core Ruleset, paranoia level 1',
      expression: 'true',
      action: 'execute',
      actionParameters: {
        id: owaspCore,
        overrides: {
          // Levels above the first block what JSON APIs are sent all day.
          categories: [2, 3, 4].map((level) => ({ category: `paranoia-level-${level}`, enabled: false })),
          rules: [{ id: owaspScoreRule, action: 'block', scoreThreshold: owaspScoreThreshold }],
        },
      },
    },
  ];
}

/** What the API's hosts serve to the public: owners' API, customers' applications, and whether it is up. */
const publicPrefixes = ['/control/v1/', '/v1/'];
const publicPaths = ['/health'];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Phase http_request_firewall_custom: what no client of the platform sends. The operator's API and metrics are not for the public. */
export function customRules({ apiHosts, hosts }: { apiHosts: readonly string[]; hosts: readonly string[] }): Rule[] {
  const isPublic = [
    ...publicPrefixes.map((prefix) => `starts_with(http.request.uri.path, "${prefix}")`),
    ...publicPaths.map((path) => `http.request.uri.path eq "${path}"`),
  ].join(' or ');
  return [
    {
      ref: 'authsome_methods',
      description: 'Methods that nothing here has',
      expression: `${hostIs(hosts)} and not http.request.method in {${methods.map((method) => `"${method}"`).join(' ')}}`,
      action: 'block',
    },
    {
      ref: 'authsome_public_paths',
      description: 'Paths of the API hosts that are not public',
      expression: `${hostIs(apiHosts)} and not (${isPublic})`,
      action: 'block',
      actionParameters: { response: jsonResponse(404, 'not_found', 'There is nothing here.') },
    },
  ];
}
