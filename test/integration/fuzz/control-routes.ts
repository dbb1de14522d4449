import type { RouteTable } from './fuzz-api.ts';

const email = 'fuzz@example.com';
const password = 'correct horse battery';
const config = {
  sessionTimeoutSeconds: 3_600,
  allowedOrigins: ['https://shop.example.com'],
  mode: 'saas',
  email: { from: 'Shop <a@shop.example>', smtp: { host: 'smtp.shop.example', port: 587, username: 'u', password: 'p' } },
  socialProviders: { google: { clientId: 'id', clientSecret: 'secret' } },
  oidcProviders: { acme: { issuer: 'https://idp.acme.example', clientId: 'id', clientSecret: 'secret' } },
};

/** Every route of the control API and of its operator's part, with input as its schema wants it. A route without an entry fails the suite. */
export const controlRoutes: RouteTable = {
  'GET /health': {},
  'GET /ready': {},
  'POST /control/v1/auth/signup': { body: { name: 'Olive', email, password } },
  'POST /control/v1/auth/login': { body: { email, password } },
  'GET /control/v1/auth/me': {},
  'POST /control/v1/workspaces': { body: { name: 'Acme', metadata: { team: 'a', size: 3 } } },
  'GET /control/v1/workspaces': { query: { deleted: 'true' } },
  'GET /control/v1/workspaces/:id': {},
  'POST /control/v1/workspaces/:id/restore': {},
  'POST /control/v1/workspaces/:id/applications': {
    body: { name: 'Web', slug: 'web', environment: 'production', region: 'us-east-1', config },
  },
  'GET /control/v1/workspaces/:id/applications': { query: { environment: 'production', status: 'active' } },
  'GET /control/v1/applications/:id': {},
  'PATCH /control/v1/applications/:id': { body: { name: 'Web', config } },
  'POST /control/v1/applications/:id/restart': {},
  'POST /control/v1/applications/:id/suspend': {},
  'POST /control/v1/applications/:id/resume': {},
  'POST /control/v1/applications/:id/restore': {},
  'GET /control/v1/applications/:id/operations': {},
  'GET /control/v1/applications/:id/operations/:operationId': {},
  'GET /control/v1/applications/:id/operations/:operationId/events': {},
  'DELETE /control/v1/applications/:id/operations/:operationId': {},
  'GET /control/v1/applications/:id/keys': {},
  'POST /control/v1/applications/:id/keys': {
    body: { name: 'backend', type: 'secret', scopes: ['users:read'], expiresAt: '2999-01-01T00:00:00Z' },
  },
  'DELETE /control/v1/keys/:id': {},
  'PUT /operator/v1/workspaces/:id/plan': { body: { plan: 'pro' } },
  'GET /operator/v1/repairs': {},
  'GET /operator/v1/applications/:id': {},
  'POST /operator/v1/applications/:id/retry': {},
  'POST /operator/v1/applications/:id/repair': {},
  'POST /operator/v1/sweeps': { body: { repair: false } },
  'GET /operator/v1/sweeps': {},
  'GET /operator/v1/sweeps/:id': {},
  'GET /operator/v1/drift': {},
  'GET /operator/v1/deletions/:id': {},
  // Last: they end what the others need.
  'DELETE /control/v1/applications/:id': { query: { permanent: 'true' } },
  'DELETE /control/v1/workspaces/:id': {},
  'POST /control/v1/auth/logout': {},
};
