import type { IncomingHttpHeaders } from 'node:http';
import { appErrors } from '../../shared/errors.ts';

/** Where a caller presents a session. Authorization is taken by the API key, and ends at the proxy. */
export const sessionTokenHeader = 'x-session-token';

/** better-auth's session tokens: 32 letters and digits. Anything else can't be one, and a dot would make it a signed cookie. */
const sessionTokenForm = /^[A-Za-z0-9]{32}$/;

/** @throws unauthorized where the header is missing or malformed */
export function readSessionToken(headers: IncomingHttpHeaders): string {
  const token = headers[sessionTokenHeader];
  if (typeof token !== 'string' || !sessionTokenForm.test(token)) throw appErrors.unauthorized('invalid_session');
  return token;
}

/** Headers under which better-auth finds the session. */
export function bearerHeaders(token: string): Headers {
  return new Headers({ authorization: `Bearer ${token}` });
}

/** Where a session comes from, as the proxy tells it; it is stored with the session. */
export interface ClientInfo {
  ipAddress: string;
  userAgent: string;
}

/** A browser's is about 120 characters; a longer one is cut, it only helps people to recognise their sessions. */
const maxUserAgentLength = 256;
/** The longest IPv6 address with an IPv4 tail has 45. */
const maxAddressLength = 64;

export function clientInfo(headers: IncomingHttpHeaders): ClientInfo {
  const address = headers['x-forwarded-for'];
  return {
    ipAddress: typeof address === 'string' ? address.slice(0, maxAddressLength) : '',
    userAgent: (headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
  };
}

/** The same as headers, in the form that better-auth's own endpoints read. */
export function clientHeaders({ ipAddress, userAgent }: ClientInfo): Headers {
  return new Headers({ 'x-forwarded-for': ipAddress, 'user-agent': userAgent });
}
