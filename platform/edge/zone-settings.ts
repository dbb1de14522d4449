/** What the whole zone is set to, in Cloudflare's names and values. */
export const zoneSettings: Readonly<Record<string, string>> = {
  // Full (strict): the origin must show a certificate that Cloudflare trusts.
  ssl: 'strict',
  min_tls_version: '1.2',
  tls_1_3: 'on',
  // An early request can be replayed. On, it would also turn tls_1_3 into "zrt".
  '0rtt': 'off',
  always_use_https: 'on',
};
