import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** RFC 9110 section 7.6.1 and its ancestors: they concern one connection only. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

const neverForwarded = new Set([
  ...hopByHop,
  // Written anew for the upstream: the body is read here, so its length is known.
  'host',
  'content-length',
  'expect',
  // The API key ends here; the instance never learns it.
  'authorization',
  // All applications share one origin, so a browser would send one application's cookies to another. The product has no cookies.
  'cookie',
  'cookie2',
  // Only what we say about the client counts.
  'forwarded',
  'x-real-ip',
]);

const neverReturned = new Set([...hopByHop, 'set-cookie', 'set-cookie2']);

/** The client's headers that the instance may see. */
export function stripRequestHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = namedByConnection(headers.connection);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !neverForwarded.has(name) && !named.has(name) && !isInternal(name) && !isForwarded(name)),
  );
}

/** The instance's headers that the client may see. */
export function stripResponseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = namedByConnection(headers.connection);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !neverReturned.has(name) && !named.has(name) && !isInternal(name)));
}

// Underscores count as dashes: some servers and gateways fold them together.
function isInternal(name: string): boolean {
  return name.replaceAll('_', '-').startsWith('x-authsome-');
}

function isForwarded(name: string): boolean {
  return name.replaceAll('_', '-').startsWith('x-forwarded-');
}

function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
}
