import type { types } from '@pulumi/cloudflare';
import { hostIs } from './expressions.ts';

/** Phase http_request_cache_settings: no answer of the API is ever kept at the edge, whatever its headers or its path's extension say. */
export function cacheRules(apiHosts: readonly string[]): types.input.RulesetRule[] {
  return [
    {
      ref: 'authsome_api_no_cache',
      description: 'Answers of the API are not cached',
      expression: hostIs(apiHosts),
      action: 'set_cache_settings',
      actionParameters: { cache: false },
    },
  ];
}
