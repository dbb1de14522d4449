/** Public keys to verify an application's tokens with: libraries fetch them by their address alone. */
const openPaths = new Set(['/auth/jwks']);

/** Whether the path answers without an API key. One that is given is verified all the same. */
export function isOpenToAll(method: string, path: string, authorization: string | undefined): boolean {
  return (method === 'GET' || method === 'HEAD') && openPaths.has(path) && authorization === undefined;
}
