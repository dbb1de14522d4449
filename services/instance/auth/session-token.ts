import { randomInt } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { appErrors } from '../../shared/errors.ts';
import { clientKey } from '../../shared/guard/client-key.ts';

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
  /** What its guesses are counted by. Null: a customer's server that did not say for whom it asks. */
  key: string | null;
}

/** Where a customer's server says for whom it asks. From a public key it means nothing: anyone could claim any address. */
const toldAddressHeader = 'x-client-address';

/** A browser's is about 120 characters; a longer one is cut, it only helps people to recognise their sessions. */
const maxUserAgentLength = 256;
/** The longest IPv6 address with an IPv4 tail has 45. */
const maxAddressLength = 64;

/**
 * The client of a request that the proxy has sent; it sets `x-forwarded-for` and `x-authsome-key-type`, whatever the client says.
 *
 * @throws invalid_request where a customer's server names something that is no address
 */
export function clientInfo(headers: IncomingHttpHeaders): ClientInfo {
  const told = headers['x-authsome-key-type'] === 'secret' ? headers[toldAddressHeader] : undefined;
  if (told !== undefined && (typeof told !== 'string' || clientKey(told) === null))
    throw appErrors.invalidRequest({ field: toldAddressHeader, reason: 'must be an IP address' });
  const forwarded = headers['x-forwarded-for'];
  const address = told ?? (typeof forwarded === 'string' ? forwarded : '');
  return {
    ipAddress: address.slice(0, maxAddressLength),
    key: told === undefined && headers['x-authsome-key-type'] === 'secret' ? null : clientKey(address),
    userAgent: (headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
  };
}
