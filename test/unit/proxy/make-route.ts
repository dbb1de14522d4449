import type { Route } from '../../../services/shared/routes/route.ts';

export function makeRoute(overrides: Partial<Route>): Route {
  return {
    version: 1,
    appId: 'app_abc123',
    revision: 1,
    status: 'active',
    plan: 'free',
    environment: 'production',
    region: 'us-east-1',
    internalUrl: 'http://instance',
    sealedInstanceToken: 'sealed',
    keys: [],
    allowedOrigins: null,
    ...overrides,
  };
}
