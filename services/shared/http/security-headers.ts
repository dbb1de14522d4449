/**
 * On every answer: browsers must not guess at a type, keep an answer, or name the page that a link was followed from. A handler that knows
 * better sets its own, such as `Cache-Control` of public keys.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
};

/** One year. Only for answers that came over TLS: browsers ignore it elsewhere (RFC 6797, section 8.1). */
export const transportSecurity = { name: 'Strict-Transport-Security', value: 'max-age=31536000' } as const;
