/** The address of a server that with-services.ts started. */
export function serviceUrl(variable: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL' | 'TEST_NATS_URL'): string {
  const url = process.env[variable];
  if (url) return url;
  throw new Error(`${variable} is not set: run integration tests through \`node test/support/with-services.ts -- npx ava …\``);
}
