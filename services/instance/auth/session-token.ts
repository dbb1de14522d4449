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

/** Where a session comes from, as the proxy tells it; better-auth stores it with the session. */
export interface ClientInfo {
  headers: Headers;
}

export function clientInfo(headers: IncomingHttpHeaders): ClientInfo {
  const told = new Headers();
  const address = headers['x-forwarded-for'];
  if (typeof address === 'string') told.set('x-forwarded-for', address);
  // A browser's is about 120 characters; a longer one is cut, it only helps people to recognise their sessions.
  if (headers['user-agent']) told.set('user-agent', headers['user-agent'].slice(0, 256));
  return { headers: told };
}
