import type { z } from 'zod';
import { fieldName, findTextFault } from '../../../domain/text.ts';
import { appErrors } from '../errors.ts';
import type { ErrorDetail } from '../errors.ts';

/** More than these are not listed: an answer should not grow with the input. */
const listedProblems = 20;

interface ParseOptions {
  /** A field whose text the caller checks itself, row by row. */
  uncheckedField?: string | undefined;
}

/**
 * Checks a body or a query: its text by the rules that hold everywhere (domain/text.ts), then all of it against a schema.
 *
 * @throws AppError invalid_request naming every bad field by its dotted path; a value is never repeated
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, { uncheckedField }: ParseOptions = {}): z.output<S> {
  const checked = uncheckedField === undefined || !isRecord(input) ? input : { ...input, [uncheckedField]: undefined };
  const fault = findTextFault(checked);
  if (fault !== undefined) throw appErrors.invalidRequest({ field: fieldName(fault.path) || 'body', reason: fault.reason });
  // With the input, so that what is missing and what is of another type can be told apart below.
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw appErrors.invalidRequest(parsed.error.issues.flatMap(describeIssue).slice(0, listedProblems));
}

function describeIssue(issue: z.core.$ZodIssue): ErrorDetail[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), reason: 'is not a known field' }));
  return [{ field: fieldName(issue.path) || 'body', reason: describeReason(issue) }];
}

function describeReason(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue.message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
