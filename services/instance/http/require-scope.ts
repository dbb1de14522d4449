import type { Middleware } from 'koa';
import { appErrors } from '../../shared/errors.ts';
import type { ApiKeyScope } from '../../shared/api-keys.ts';
import type { Caller, InstanceState } from './caller.ts';

/** Lets in secret keys that have the scope, or `*`. */
export function requireScope(scope: ApiKeyScope): Middleware<InstanceState> {
  return async (ctx, next) => {
    assertScope(ctx.state.caller, scope);
    await next();
  };
}

/** A public key is in everybody's browser: it never passes, whatever its scopes say. @throws forbidden */
export function assertScope({ keyType, scopes }: Caller, scope: ApiKeyScope): void {
  if (keyType !== 'secret') throw appErrors.forbidden('secret_key_required');
  if (!scopes.has(scope) && !scopes.has('*')) throw appErrors.forbidden(`scope_${scope}_required`);
}
