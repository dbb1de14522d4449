import type { types } from '@pulumi/cloudflare';
import type { EdgeSettings } from './edge-settings.ts';
import { hostIs } from './expressions.ts';
import { jsonResponse } from './json-response.ts';

interface RateLimitArgs {
  hosts: readonly string[];
  rateLimits: EdgeSettings['rateLimits'];
}

/** Cloudflare counts by address in each data centre: `cf.colo.id` is mandatory. */
const perAddress = ['cf.colo.id', 'ip.src'];
/** The shortest period that Cloudflare counts over, in seconds. */
const burstPeriod = 10;
const blockSeconds = 60;

/**
 * What customers' servers call. They can't solve a challenge, and their plan allows them more than a person would send (100 requests a second);
 * the proxy counts those by key. By path, since only Cloudflare's Enterprise plan lets a limit look at headers.
 */
const customerPrefix = '/v1/';

/** Phase http_ratelimit: floods are blocked, and what a person would hardly send is challenged. Two rules, as many as the Pro plan has. */
export function rateLimitRules({ hosts, rateLimits }: RateLimitArgs): types.input.RulesetRule[] {
  return [
    {
      ref: 'authsome_block_flood',
      description: `More than ${rateLimits.blockAbovePerSecond} requests a second`,
      expression: hostIs(hosts),
      action: 'block',
      actionParameters: {
        response: jsonResponse(429, 'rate_limit_exceeded', 'Too many requests from this address.', { retryAfter: blockSeconds }),
      },
      ratelimit: {
        characteristics: perAddress,
        period: burstPeriod,
        requestsPerPeriod: rateLimits.blockAbovePerSecond * burstPeriod,
        mitigationTimeout: blockSeconds,
      },
    },
    {
      ref: 'authsome_challenge',
      description: `More than ${rateLimits.challengeAbovePerMinute} requests a minute`,
      expression: `${hostIs(hosts)} and not starts_with(http.request.uri.path, "${customerPrefix}")`,
      action: 'managed_challenge',
      ratelimit: {
        characteristics: perAddress,
        period: 60,
        requestsPerPeriod: rateLimits.challengeAbovePerMinute,
        // What Cloudflare asks for with a challenge: whoever passes it starts from zero.
        mitigationTimeout: 0,
      },
    },
  ];
}
