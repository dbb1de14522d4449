import { randomInt } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { appErrors } from '../../shared/errors.ts';

/** Where a caller presents a session. Authorization is taken by the API key, and ends at the proxy. */
export const sessionTokenHeader = 'x-session-token';

/** 32 of 62 characters are 190 random bits. */
const sessionTokenForm = /^[A-Za-z0-9]{32}$/;
const sessionTokenLength = 32;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function newSessionToken(): string {
  return Array.from({ length: sessionTokenLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** @throws unauthorized where the header is missing or malformed */
export function readSessionToken(headers: IncomingHttpHeaders): string {
  const token = headers[sessionTokenHeader];
  if (typeof token !== 'string' || !sessionTokenForm.test(token)) throw appErrors.unauthorized('invalid_session');
  return token;
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
