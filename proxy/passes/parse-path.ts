import { appErrors } from '../../services/shared/errors.ts';

export interface ParsedPath {
  appId: string;
  /** Path of the instance without the query; begins with one slash. */
  path: string;
  /** Path and query as the instance gets them. */
  upstreamUrl: string;
}

const prefix = '/v1/';
const appIdForm = /^app_[a-z0-9]{6,24}$/;
/** The characters of RFC 3986's path and query. Backslashes, spaces, control characters and `#` are not among them. */
const pathForm = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]*$/;
/** Browsers send the last five as they are in a query (WHATWG URL, "query percent-encode set"), where they separate nothing. */
const queryForm = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|{}^`]*$/;
const malformedEscape = /%(?![0-9A-Fa-f]{2})/;
/** Encoded dot, slash, backslash and NUL, once or twice: servers disagree on when they decode them, and no path of ours needs one. */
const hiddenSyntax = /%(?:25)*(?:2e|2f|5c|00)/i;
/** `..` may be followed by path parameters, which some servers cut off first. */
const dotSegment = /\/\.{1,2}(?:[/;]|$)/;

/** Whether the data path serves this URL. */
export function isCustomerUrl(url: string): boolean {
  return url.startsWith(prefix);
}

/**
 * `/v1/{appId}/{path}?{query}` → application and the instance's `/{path}?{query}`. The path is passed on as it came, so all that two parsers
 * could read differently is refused.
 *
 * @throws invalid_request for a path that is ambiguous or malformed, not_found for what can't be an application's id
 */
export function parsePath(url: string): ParsedPath {
  const queryAt = url.indexOf('?');
  const whole = queryAt === -1 ? url : url.slice(0, queryAt);
  const query = queryAt === -1 ? '' : url.slice(queryAt);
  if (!pathForm.test(whole) || !queryForm.test(query) || malformedEscape.test(whole)) throw refuse('has characters that must be encoded');
  if (hiddenSyntax.test(whole)) throw refuse('must not hold encoded dots, slashes, backslashes or NUL');

  const appId = whole.slice(prefix.length).split('/', 1)[0] ?? '';
  if (!appIdForm.test(appId)) throw appErrors.notFound('application');

  const path = whole.slice(prefix.length + appId.length) || '/';
  // http-proxy's path join would turn `http:/` into `http://`.
  if (path.includes('//') || path.includes(':/')) throw refuse('must not hold empty segments');
  if (dotSegment.test(path)) throw refuse('must not hold dot segments');
  return { appId, path, upstreamUrl: path + query };
}

const refuse = (reason: string): Error => appErrors.invalidRequest({ field: 'path', reason });
