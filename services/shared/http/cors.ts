/** What browsers' pages may do with an application's API, whichever of proxy and instance answers. Credentials are never allowed: there are no cookies. */

/** A browser asks again after this time; Chromium's own upper bound. */
const preflightMaxAgeSeconds = 7_200;
const exposedHeaders = [
  ...['X-AuthSome-App-ID', 'X-AuthSome-Request-ID', 'X-AuthSome-Region'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After'],
].join(', ');
/** The last four are added by tracing libraries (Sentry, OpenTelemetry) to every request of a page. */
const allowedHeaders = [
  ...['Authorization', 'Content-Type', 'X-Session-Token', 'X-AuthSome-Request-ID'],
  ...['Sentry-Trace', 'Baggage', 'Traceparent', 'Tracestate'],
].join(', ');

/** For an answer that pages of this origin may read; `*` is all of them. */
export function readableBy(origin: string): Record<string, string> {
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': exposedHeaders };
}

/** For the answer to a preflight, beside readableBy(). */
export const preflightAllowance: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': allowedHeaders,
  'Access-Control-Max-Age': String(preflightMaxAgeSeconds),
};
