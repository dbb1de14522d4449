/**
 * The same URL for node-postgres, which takes `sslmode=require` for `verify-full` unless it is told to mean by it what PostgreSQL's own clients do.
 * Other drivers, which are given the same URL, would not know the parameter that says so.
 */
export function libpqCompatible(text: string): string {
  const url = new URL(text);
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}
