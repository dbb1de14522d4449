import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Backups } from './backups/backups.ts';
import { Cluster } from './cluster/cluster.ts';
import { PublicIngress } from './cluster/public-ingress.ts';
import { connections } from './connections.ts';
import { DataServices } from './data-services.ts';
import { DatabaseSetup } from './database-setup.ts';
import { edgeInputs } from './edge/edge-inputs.ts';
import { loadSettings } from './load-settings.ts';
import { EgressPolicies, denyOtherEgress } from './network/egress-policies.ts';
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
const cluster = new Cluster('cluster', { ...inputs, namespace }, { providers: [provider] });
const data = new DataServices('data', { ...inputs, namespace, secrets }, { dependsOn: cluster, providers: [provider] });
const urls = connections(data, secrets);
const { ca } = data;
const setup = new DatabaseSetup('database-setup', { ...inputs, namespace, connections: urls, secrets, ca }, { providers: [provider] });
const services = { ...inputs, namespace, data, connections: urls, secrets, ca };
const egress = new EgressPolicies('egress', { ...inputs, namespace, servers: data.servers }, { providers: [provider] });
const running = new Services('services', services, { dependsOn: setup.job, providers: [provider] });
const backups = new Backups('backups', { ...services, setupSecret: setup.secret }, { providers: [provider] });

const { settings } = inputs;
const { ingress, observability } = settings;
const watching =
  observability === undefined
    ? undefined
    : new Observability('observability', { ...inputs, namespace, observability }, { dependsOn: cluster, providers: [provider] });

const before: pulumi.Resource[] = [];
if (edge !== undefined) {
  // Loaded only where it is used: Pulumi's SDK for Cloudflare costs each run 0.2 s of processor time.
  const { Edge } = await import('./edge/edge.ts');
  before.push(new Edge('edge', { ...edge, namespace }, { providers: [provider] }));
}
// Once the edge stands: it lets in nobody else, and reads the edge's Secrets.
if (ingress !== undefined) new PublicIngress('public', { namespace, settings, ingress }, { dependsOn: before, providers: [provider] });

const parts = [egress, running, backups, ...(watching === undefined ? [] : [watching])];
denyOtherEgress(namespace, { dependsOn: parts, provider });

export const controlUrl = inputs.settings.urls.control;
export const customerUrl = inputs.settings.urls.customer;
export { namespace };
export const grafanaPassword = watching?.grafanaPassword;
/** Without these a backup can't be restored into another platform: to be kept apart from the backups. */
export const recoveryKeys = pulumi.secret({
  encryptionKey: secrets.encryptionKey,
  pulumiPassphrase: secrets.pulumiPassphrase,
  authSecret: secrets.auth,
});
