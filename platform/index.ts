import { connections } from './connections.ts';
import { DataServices } from './data-services.ts';
import { DatabaseSetup } from './database-setup.ts';
import { loadSettings } from './load-settings.ts';
import { PlatformNamespace } from './platform-namespace.ts';
import { PlatformSecrets } from './platform-secrets.ts';
import { Services } from './services.ts';

const inputs = loadSettings();
const secrets = new PlatformSecrets('platform');
const { name: namespace } = new PlatformNamespace('platform', { namespace: inputs.settings.namespace });
const data = new DataServices('data', { ...inputs, namespace, secrets });
const urls = connections(data, secrets);
const setup = new DatabaseSetup('database-setup', { ...inputs, namespace, connections: urls, secrets });
new Services('services', { ...inputs, namespace, data, connections: urls, secrets }, { dependsOn: setup.job });

export const controlUrl = inputs.settings.urls.control;
export const customerUrl = inputs.settings.urls.customer;
export { namespace };
