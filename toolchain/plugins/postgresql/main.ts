import { withDefaults } from '../shared/property-schema.ts';
import { serveProvider } from '../shared/serve-provider.ts';
import { database } from './database.ts';
import { grant } from './grant.ts';
import { role } from './role.ts';
import { configInputs, parseServerConfig } from './server-config.ts';

await serveProvider({
  name: 'postgresql',
  version: '3.18.1',
  configInputs,
  configure: (inputs) => parseServerConfig(withDefaults(configInputs, inputs)),
  resources: [role, database, grant],
});
