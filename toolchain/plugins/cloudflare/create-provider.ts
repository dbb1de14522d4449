import type { ProviderDefinition } from '../shared/resource-provider.ts';
import { createClient } from './create-client.ts';
import type { CloudflareClient } from './create-client.ts';
import { dnsRecord } from './dns-record.ts';
import { originCaCertificate } from './origin-ca-certificate.ts';
import { originPullsSettings } from './origin-pulls-settings.ts';
import { configInputs, parseApiAccess } from './api-access.ts';
import { ruleset } from './ruleset.ts';
import { zoneSetting } from './zone-setting.ts';

/** The plugin's resource types, each of which talks to Cloudflare through the client that the configuration makes. */
export function createProvider(): ProviderDefinition<CloudflareClient> {
  return {
    name: 'cloudflare',
    version: '6.22.1',
    configInputs,
    configure: (inputs) => createClient(parseApiAccess(inputs)),
    resources: [dnsRecord, zoneSetting, ruleset, originCaCertificate, originPullsSettings],
  };
}
