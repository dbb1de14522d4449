/** Cloudflare's rules language: the request is for one of these hosts. */
export function hostIs(hosts: readonly string[]): string {
  return `http.host in {${hosts.map((host) => `"${host}"`).join(' ')}}`;
}
