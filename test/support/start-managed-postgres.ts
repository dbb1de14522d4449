import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCertificate } from './make-certificate.ts';
import { startPostgres } from './start-postgres.ts';
import { postgresClient } from './postgres-client.ts';

export interface ManagedPostgres {
  /** As the administrator that a managed service gives: no superuser, over a connection whose certificate is looked at. */
  url: string;
  /** As the superuser, which the service keeps to itself. */
  superuserUrl: string;
  /** File of the authority's certificate. */
  caFile: string;
  stop: () => Promise<void>;
}

const password = 'managed % administrator';

/** A PostgreSQL server as RDS, Cloud SQL and others have them: TLS by an authority of their own, and nobody is superuser. */
export async function startManagedPostgres(directory: string): Promise<ManagedPostgres> {
  const tls = await makeCertificate();
  const caFile = path.join(directory, 'ca.pem');
  writeFileSync(caFile, tls.cert, { mode: 0o644 });
  const server = await startPostgres(directory, tls);
  const client = postgresClient({ connectionString: server.url });
  await client.connect();
  await client.query(`create role managed login createdb createrole password '${password}'`);
  // The service's own databases, template1 among them, stay its own.
  await client.query('alter database postgres owner to managed');
  await client.end();
  const url = new URL(server.url);
  Object.assign(url, { username: 'managed', password: encodeURIComponent(password), hostname: 'localhost' });
  url.searchParams.set('sslmode', 'verify-full');
  url.searchParams.set('sslrootcert', caFile);
  return { url: url.href, superuserUrl: server.url, caFile, stop: server.stop };
}
