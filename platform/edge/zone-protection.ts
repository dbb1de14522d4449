import * as cloudflare from '@pulumi/cloudflare';
import * as pulumi from '@pulumi/pulumi';
import { cacheRules } from './cache-rules.ts';
import type { EdgeSettings } from './edge-settings.ts';
import { customRules, managedRules } from './firewall-rules.ts';
import { rateLimitRules } from './rate-limit-rules.ts';

export interface ZoneProtectionArgs {
  zoneId: string;
  apiHosts: readonly string[];
  /** All of them, the API's too. */
  hosts: readonly string[];
  rateLimits: EdgeSettings['rateLimits'];
}

/** The zone's rules, one ruleset for each phase in the order in which Cloudflare runs them. */
export class ZoneProtection extends pulumi.ComponentResource {
  constructor(name: string, { zoneId, apiHosts, hosts, rateLimits }: ZoneProtectionArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:ZoneProtection', name, {}, options);
    const entryPoint = (part: string, phase: string, rules: cloudflare.types.input.RulesetRule[]): cloudflare.Ruleset =>
      new cloudflare.Ruleset(`${name}-${part}`, { zoneId, kind: 'zone', name: `authsome ${part}`, phase, rules }, { parent: this });
    entryPoint('custom-rules', 'http_request_firewall_custom', customRules({ apiHosts, hosts }));
    entryPoint('rate-limits', 'http_ratelimit', rateLimitRules({ hosts, rateLimits }));
    entryPoint('managed-rules', 'http_request_firewall_managed', managedRules());
    entryPoint('cache-rules', 'http_request_cache_settings', cacheRules(apiHosts));
    this.registerOutputs();
  }
}
