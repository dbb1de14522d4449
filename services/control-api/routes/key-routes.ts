import Router from '@koa/router';
import { z } from 'zod';
import { apiKeyScopes } from '../../shared/api-keys.ts';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { AccountState } from '../auth/authenticate.ts';
import type { AppDeps } from '../create-app.ts';
import { presentApiKey } from '../presenters/present-api-key.ts';
import { presentPage } from '../presenters/present-page.ts';
import { listApiKeys } from '../stores/api-key-store.ts';
import { createApiKey } from '../use-cases/create-api-key.ts';
import { readApplication } from '../use-cases/read-application.ts';
import { revokeApiKey } from '../use-cases/revoke-api-key.ts';
import { pageQuerySchema, toPage } from './page-query.ts';
import { pathId } from './path-id.ts';
import { nameSchema } from './text-schemas.ts';

const expiresAt = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((time) => time.getTime() > Date.now(), 'must be in the future')
  .nullable()
  .default(null);

// A public key may do what a browser may do, whatever scopes there are: it has none of its own.
const createSchema = z.discriminatedUnion('type', [
  z.strictObject({ name: nameSchema, type: z.literal('public'), expiresAt }).transform((input) => ({ ...input, scopes: [] })),
  z.strictObject({
    name: nameSchema,
    type: z.literal('secret'),
    scopes: z.array(z.enum(apiKeyScopes)).min(1).max(apiKeyScopes.length).default(['*']),
    expiresAt,
  }),
]);

export function createKeyRoutes(deps: AppDeps): Router<AccountState> {
  const router = new Router<AccountState>({ prefix: '/control/v1' });
  const authenticated = authenticate(deps);

  router.get('/applications/:id/keys', authenticated, async (ctx) => {
    const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
    const query = parseInput(pageQuerySchema, { ...ctx.query });
    const application = await readApplication(deps.db, ids);
    ctx.body = presentPage(await listApiKeys(deps.db, application.id, toPage(query)), query, presentApiKey);
  });

  router.post('/applications/:id/keys', authenticated, async (ctx) => {
    const ids = { applicationId: pathId('app', ctx.params.id), userId: ctx.state.account.id };
    const input = await readJson(ctx, createSchema);
    const { row, key } = await createApiKey(deps, { ...ids, ...input });
    ctx.status = 201;
    ctx.body = { ...presentApiKey(row), key };
  });

  router.delete('/keys/:id', authenticated, async (ctx) => {
    await revokeApiKey(deps, { keyId: pathId('key', ctx.params.id), userId: ctx.state.account.id });
    ctx.status = 204;
  });
  return router;
}
