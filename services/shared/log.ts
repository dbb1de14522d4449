import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { redacted, redactText } from './redact-text.ts';
import { currentTrace } from './trace-context.ts';

export type Log = Logger;

const secretName = /^(authorization|proxy-authorization|cookie|set-cookie|key)$|password|passphrase|token|secret|api-?key|key$/i;
/** Deeper values are dropped: a log line is facts, not object graphs. */
const maxDepth = 6;
/** Characters. A path is chosen by the caller, and one of 16 KB says no more than its beginning; a stack or a program's output does. */
const maxTextLength = { path: 256, other: 16_384 } as const;

/**
 * A JSON log on standard output. Fields that carry secrets are redacted by name at any depth; passwords in connection URLs and API keys are
 * cut out of strings and error texts too, and long texts are cut. A line of a traced request or job names its trace as `traceId`, whoever writes it.
 *
 * @param destination where lines go instead of standard output, for tests
 */
export function createLog({ name, level }: { name: string; level: string }, destination?: DestinationStream): Log {
  const options = {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceFields,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactFields(fields, 0),
    },
    serializers: { err: describeError },
  };
  const log = destination ? pino(options, destination) : pino(options);
  return redactChildren(log);
}

function traceFields(): object {
  const trace = currentTrace();
  return trace === undefined ? {} : { traceId: trace.traceId };
}

// pino gives the fields bound to a child to no formatter. A child inherits from its parent, and with it this method.
function redactChildren(log: Log): Log {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called below with the log that the child is made of
  const makeChild = log.child;
  log.child = function child(this: Log, bindings, options) {
    return makeChild.call(this, redactFields(bindings, 0), options);
  } as Log['child'];
  return log;
}

function redactFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretName.test(name) && isTelling(value) ? redacted : showField(name, value, depth),
    ]),
  );
}

function showField(name: string, value: unknown, depth: number): unknown {
  return name === 'path' && typeof value === 'string' ? showText(value, maxTextLength.path) : redactValue(value, depth);
}

// A fencing token or a count is a number, and no secret is.
function isTelling(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'number' && typeof value !== 'boolean';
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return showText(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value);
  if (depth >= maxDepth) return '[deep]';
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, depth + 1));
  return redactFields(value as Record<string, unknown>, depth + 1);
}

// Redacted first: half a secret no longer has the form of one.
function showText(text: string, maxLength: number = maxTextLength.other): string {
  const shown = redactText(text);
  return shown.length <= maxLength ? shown : `${shown.slice(0, maxLength).toWellFormed()}… (${shown.length} characters)`;
}

// Only these fields: drivers hang whole commands with their arguments, and rows, on their errors.
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return redactValue(error, 0);
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.name,
    message: showText(error.message),
    stack: showText(error.stack ?? ''),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
