import type { NoConfig, ProviderDefinition } from '../shared/resource-provider.ts';
import { certRequest } from './cert-request.ts';
import { privateKey } from './private-key.ts';

/** The plugin's resource types. Of the official configuration (a proxy for reading certificates from servers) nothing applies to them. */
export function createProvider(): ProviderDefinition<NoConfig> {
  return { name: 'tls', version: '5.6.1', configInputs: {}, configure: () => ({}), resources: [privateKey, certRequest] };
}
