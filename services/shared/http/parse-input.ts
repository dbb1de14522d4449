import type { z } from 'zod';
import { appErrors } from '../errors.ts';
import type { ErrorDetail } from '../errors.ts';

/** More than these are not listed: an answer should not grow with the input. */
const listedProblems = 20;

/**
 * Checks a body or a query against a schema.
 *
 * @throws AppError invalid_request naming every bad field by its dotted path; a value is never repeated
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  // With the input, so that what is missing and what is of another type can be told apart below.
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw appErrors.invalidRequest(parsed.error.issues.flatMap(describeIssue).slice(0, listedProblems));
}

function describeIssue(issue: z.core.$ZodIssue): ErrorDetail[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...path, key].join('.').slice(0, 200), reason: 'is not a known field' }));
  return [{ field: path.join('.').slice(0, 200) || 'body', reason: describeReason(issue) }];
}

function describeReason(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue.message;
}
