import type { ParameterizedContext } from 'koa';
import type { ApiKeyScope } from '../../shared/api-keys.ts';
import { appErrors } from '../../shared/errors.ts';
import { sessionTokenHeader } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Actor } from '../organizations/organization-access.ts';
import type { InstanceState } from './caller.ts';
import { readSignedIn } from './read-signed-in.ts';
import { assertScope } from './require-scope.ts';

/**
 * For whom a request is that users and the backend may both make: the user whose session it carries, whatever its key, or else the backend
 * by a secret key with the scope.
 */
export async function readActor(ctx: ParameterizedContext<InstanceState>, sessions: Sessions, scope: ApiKeyScope): Promise<Actor> {
  if (ctx.get(sessionTokenHeader) !== '') return { user: (await readSignedIn(ctx, sessions)).user };
  if (ctx.state.caller.keyType !== 'secret') throw appErrors.unauthorized('invalid_session');
  assertScope(ctx.state.caller, scope);
  return { backend: true };
}
