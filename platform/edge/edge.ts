import * as cloudflare from '@pulumi/cloudflare';
import * as pulumi from '@pulumi/pulumi';
import type { EdgeInputs } from './edge-inputs.ts';
import { recordType } from './edge-settings.ts';
import { OriginCertificate } from './origin-certificate.ts';
import { zoneSettings } from './zone-settings.ts';
import { ZoneProtection } from './zone-protection.ts';

export interface EdgeArgs extends EdgeInputs {
  namespace: pulumi.Input<string>;
}

/**
 * Cloudflare in front of the platform: names, TLS on both sides, firewall, rate limits. The names come last, so that no request passes before
 * the rules stand.
 */
export class Edge extends pulumi.ComponentResource {
  constructor(name: string, args: EdgeArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Edge', name, {}, options);
    const { zoneId, apiHosts, dashboardHost } = args;
    const hosts = [...new Set([...apiHosts, ...(dashboardHost === undefined ? [] : [dashboardHost])])];
    const provider = new cloudflare.Provider(name, { apiToken: args.apiToken, baseUrl: args.baseUrl }, { parent: this });
    const child = { parent: this, providers: [provider] };
    const protection = new ZoneProtection(name, { zoneId, apiHosts, hosts, rateLimits: args.rateLimits }, child);
    const certificate = new OriginCertificate(`${name}-origin`, { namespace: args.namespace, hosts }, child);
    const settings = Object.entries(zoneSettings).map(
      ([settingId, value]) =>
        new cloudflare.ZoneSetting(
          `${name}-${settingId.replaceAll('_', '-')}`,
          { zoneId, settingId, value },
          { parent: this, provider, dependsOn: certificate.secret },
        ),
    );
    const pulls = new cloudflare.AuthenticatedOriginPullsSettings(
      `${name}-origin-pulls`,
      { zoneId, enabled: true },
      { parent: this, provider },
    );
    for (const host of hosts)
      new cloudflare.DnsRecord(
        `${name}-${host}`,
        // A proxied record has no time to live of its own.
        { zoneId, name: host, type: recordType(args.origin), content: args.origin, proxied: true, ttl: 1, comment: 'AuthSome Cloud' },
        { parent: this, provider, dependsOn: [protection, ...settings, pulls] },
      );
    this.registerOutputs();
  }
}
