/** Of Node: the server could not be reached, or the connection broke. */
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** Of PostgreSQL: it is starting, stopping, crashed, or has no connection left (class 08 and these). */
const serverCodes = new Set(['57P01', '57P02', '57P03', '53300']);
/** pg gives these no code. */
const messages = [
  /^timeout exceeded when trying to connect$/,
  /^timeout expired$/,
  /^Query read timeout$/,
  /^Connection terminated/,
  /^Client (has encountered a connection error|was closed)/,
];

/** Whether an error says that a server which this process depends on is away, and not that something is wrong with the request or the program. */
export function isOutage(err: unknown): boolean {
  if (!(err instanceof Error)) return false;
  const { code } = err as { code?: unknown };
  if (typeof code === 'string' && (networkCodes.has(code) || serverCodes.has(code) || /^08\w{3}$/.test(code))) return true;
  return messages.some((pattern) => pattern.test(err.message)) || isOutage(err.cause);
}
