import type { types } from '@pulumi/cloudflare';

/** What Cloudflare answers in place of the platform, in the form of the platform's own errors. */
export function jsonResponse(
  statusCode: number,
  code: string,
  message: string,
  fields: Record<string, number> = {},
): types.input.RulesetRuleActionParametersResponse {
  return { statusCode, contentType: 'application/json', content: JSON.stringify({ error: { code, message, ...fields } }) };
}
