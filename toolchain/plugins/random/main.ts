import { serveProvider } from '../shared/serve-provider.ts';
import { randomBytes } from './random-bytes.ts';
import { randomId } from './random-id.ts';
import { randomPassword } from './random-password.ts';

await serveProvider({
  name: 'random',
  version: '4.21.2',
  configInputs: {},
  configure: () => ({}),
  resources: [randomPassword, randomId, randomBytes],
});
