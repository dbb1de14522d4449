import { serveProvider } from '../shared/serve-provider.ts';
import { createProvider } from './create-provider.ts';

await serveProvider(createProvider());
