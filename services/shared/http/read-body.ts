import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { appErrors } from '../errors.ts';
import { holdOf } from './body-budget.ts';
import { parseInput } from './parse-input.ts';
import { readBytes } from './read-bytes.ts';

const defaultLimitBytes = 64 * 1024;

/**
 * Reads and checks a JSON body. The schema should be a strict object, so that unknown fields are refused.
 *
 * @param ctx a Koa context, or anything with the request on `req`
 * @throws AppError invalid_request: 400 with the field and reason, 408 where it is slow, 413 beyond `limitBytes`, 415 where it isn't JSON
 */
export async function readJson<S extends z.ZodType>(
  ctx: { req: IncomingMessage },
  schema: S,
  { limitBytes = defaultLimitBytes, patienceMs }: { limitBytes?: number; patienceMs?: number } = {},
): Promise<z.output<S>> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = ctx.req.headers;
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw appErrors.invalidRequest({ field: 'content-type', reason: 'must be application/json' }, 415);
  if (encoding !== 'identity') throw appErrors.invalidRequest({ field: 'content-encoding', reason: 'is not supported' }, 415);
  return parseInput(schema, parseText(await readBytes(ctx.req, { limitBytes, patienceMs, hold: holdOf(ctx.req) })));
}

function parseText(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return JSON.parse(text, refuseNul) as unknown;
  } catch (err) {
    const reason = err instanceof NulError ? err.message : 'is not valid JSON';
    throw appErrors.invalidRequest({ field: 'body', reason });
  }
}

class NulError extends Error {}

// PostgreSQL's text and jsonb can't hold U+0000; without this the insert would fail as our own fault.
function refuseNul(key: string, value: unknown): unknown {
  if (key.includes('\0') || (typeof value === 'string' && value.includes('\0'))) throw new NulError('must not contain U+0000');
  return value;
}
