import { appErrors } from '../../shared/errors.ts';

/** A browser takes more, but a mail program may not. */
export const maxPageLength = 2_000;

/**
 * Checks a page of the customer's, which an e-mail or a provider is to lead to. Only those of the allowed origins pass: any other would make
 * our e-mails and tokens serve whoever wrote the request.
 *
 * @throws invalid_request
 */
export function allowedPage(text: string, allowedOrigins: readonly string[]): URL {
  const page = URL.canParse(text) ? new URL(text) : undefined;
  // An origin is scheme, host and port: compared as parsed, not as written.
  const isAllowed = page !== undefined && allowedOrigins.some((origin) => new URL(origin).origin === page.origin);
  if (!isAllowed || page.username !== '' || page.password !== '' || text.length > maxPageLength) {
    throw appErrors.invalidRequest({ field: 'redirectUrl', reason: 'must be a page of an allowed origin' });
  }
  return page;
}

/** The page's address with the token in its query. */
export function linkWithToken(page: URL, token: string): string {
  const link = new URL(page);
  link.searchParams.set('token', token);
  return link.href;
}
