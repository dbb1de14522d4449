import * as kubernetes from '@pulumi/kubernetes';
import { connections } from './connections.ts';
import { DataServices } from './data-services.ts';
import { DatabaseSetup } from './database-setup.ts';
import { edgeInputs } from './edge/edge-inputs.ts';
import { loadSettings } from './load-settings.ts';
import { Observability } from './observability/observability.ts';
import { PlatformNamespace } from './platform-namespace.ts';
import { PlatformSecrets } from './platform-secrets.ts';
import { Services } from './services.ts';

const inputs = loadSettings();
// First, so that what is missing stops a run before it has changed anything.
const edge = edgeInputs(inputs);
// Changed in place: else a changed Secret is deleted and made anew, and with it every workload that names it.
const provider = new kubernetes.Provider('cluster', {
  enableSecretMutable: true,
  enableConfigMapMutable: true,
  renderYamlToDirectory: inputs.renderTo,
});
const secrets = new PlatformSecrets('platform');
const { name: namespace } = new PlatformNamespace('platform', { namespace: inputs.settings.namespace }, { providers: [provider] });
const data = new DataServices('data', { ...inputs, namespace, secrets }, { providers: [provider] });
const urls = connections(data, secrets);
const setup = new DatabaseSetup('database-setup', { ...inputs, namespace, connections: urls, secrets }, { providers: [provider] });
new Services('services', { ...inputs, namespace, data, connections: urls, secrets }, { dependsOn: setup.job, providers: [provider] });
const { observability } = inputs.settings;
const watching =
  observability === undefined
    ? undefined
    : new Observability('observability', { ...inputs, namespace, observability }, { providers: [provider] });

if (edge !== undefined) {
  // Loaded only where it is used: Pulumi's SDK for Cloudflare costs each run 0.2 s of processor time.
  const { Edge } = await import('./edge/edge.ts');
  new Edge('edge', { ...edge, namespace }, { providers: [provider] });
}

export const controlUrl = inputs.settings.urls.control;
export const customerUrl = inputs.settings.urls.customer;
export { namespace };
export const grafanaPassword = watching?.grafanaPassword;
