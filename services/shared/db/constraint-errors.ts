import { appErrors } from '../errors.ts';
import type { ErrorDetail } from '../errors.ts';

/** PostgreSQL's code of a unique violation. */
const uniqueViolation = '23505';

/**
 * Awaits a statement and turns the violation of a named unique constraint into a conflict that the caller may see.
 *
 * @throws AppError conflict for the constraints in the table; anything else as it was
 */
export async function translateConstraint<T>(statement: Promise<T>, conflicts: Readonly<Record<string, ErrorDetail>>): Promise<T> {
  try {
    return await statement;
  } catch (err) {
    const detail = conflicts[violatedConstraint(err) ?? ''];
    throw detail ? appErrors.conflict(detail) : err;
  }
}

function violatedConstraint(err: unknown): string | undefined {
  if (!(err instanceof Error)) return undefined;
  const { code, constraint } = err as { code?: unknown; constraint?: unknown };
  return code === uniqueViolation && typeof constraint === 'string' ? constraint : violatedConstraint(err.cause);
}
