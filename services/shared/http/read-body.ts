import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { decodeUtf8, findBadUtf8 } from '../../../domain/decode-text.ts';
import { appErrors } from '../errors.ts';
import { holdOf } from './body-budget.ts';
import { parseInput } from './parse-input.ts';
import { readBytes } from './read-bytes.ts';

const defaultLimitBytes = 64 * 1024;

interface ReadOptions {
  limitBytes?: number;
  /** Milliseconds for the whole body, if not those of a small one. */
  patienceMs?: number | undefined;
  /** A field whose text the caller checks itself, row by row. */
  uncheckedField?: string;
}

/**
 * Reads and checks a JSON body. The schema should be a strict object, so that unknown fields are refused. A request without a body is one
 * without fields, whatever its content type says.
 *
 * @param ctx a Koa context, or anything with the request on `req`
 * @throws AppError invalid_request: 400 with the field and reason, 408 if it is slow, 413 beyond `limitBytes`, 415 if the body isn't JSON
 */
export async function readJson<S extends z.ZodType>(
  ctx: { req: IncomingMessage },
  schema: S,
  { limitBytes = defaultLimitBytes, patienceMs, uncheckedField }: ReadOptions = {},
): Promise<z.output<S>> {
  const { req } = ctx;
  if (!announcesBody(req)) return parseInput(schema, {});
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = req.headers;
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw appErrors.invalidRequest({ field: 'content-type', reason: 'must be application/json' }, 415);
  if (encoding !== 'identity') throw appErrors.invalidRequest({ field: 'content-encoding', reason: 'is not supported' }, 415);
  const bytes = await readBytes(req, { limitBytes, patienceMs, hold: holdOf(req) });
  return parseInput(schema, bytes.length === 0 ? {} : parseJson(bytes), { uncheckedField });
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function parseJson(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw appErrors.invalidRequest(findBadUtf8(bytes));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw appErrors.invalidRequest({ field: 'body', reason: 'is not valid JSON' });
  }
}
