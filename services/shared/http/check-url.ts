import type { Context, Next } from 'koa';
import { findUrlFault } from '../../../domain/decode-text.ts';
import { appErrors } from '../errors.ts';

/**
 * Middleware in front of every route: refuses a path or query whose text can't be stored or is not UTF-8, so that no route has to think of it.
 *
 * @throws AppError invalid_request naming the parameter, or `path`
 */
export async function checkUrl({ req }: Pick<Context, 'req'>, next: Next): Promise<void> {
  const fault = findUrlFault(req.url ?? '');
  if (fault !== undefined) throw appErrors.invalidRequest(fault);
  await next();
}
