import { appErrors } from '../../shared/errors.ts';
import { isId } from '../../shared/ids.ts';
import type { IdPrefix } from '../../shared/ids.ts';

const names = { ws: 'workspace', app: 'application', key: 'key', job: 'operation', swp: 'sweep' } as const satisfies Partial<
  Record<IdPrefix, string>
>;

/** The id in a path. What doesn't have an id's form can't exist, and never reaches SQL. @throws AppError not_found */
export function pathId(prefix: keyof typeof names, text: string | undefined): string {
  if (text === undefined || !isId(prefix, text)) throw appErrors.notFound(names[prefix]);
  return text;
}
