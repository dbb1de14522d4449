import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { sql } from 'kysely';
import { connectSharedServer } from '../../../services/provisioner/inventory/database-place.ts';
import { createStateDatabase } from '../../../services/provisioner/inventory/state-database.ts';
import { createDatabase } from '../../../services/shared/db/database.ts';
import { withConnection } from '../../../toolchain/plugins/postgresql/with-connection.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { makeCertificate } from '../../support/make-certificate.ts';
import { startManagedPostgres } from '../../support/start-managed-postgres.ts';
import type { ManagedPostgres } from '../../support/start-managed-postgres.ts';

// Whoever speaks to PostgreSQL for the provisioner, each with another driver or other settings, and one URL or CA file for all.
const directory = makeServerDirectory();
const otherCa = join(directory, 'other-ca.pem');
let server: ManagedPostgres;

test.before(async () => {
  server = await startManagedPostgres(directory);
  await writeFile(otherCa, (await makeCertificate()).cert);
});
test.after.always(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const trusting = (caFile: string): string => {
  const url = new URL(server.url);
  url.searchParams.set('sslrootcert', caFile);
  return url.href;
};

test.serial("Pulumi's backend keeps its state there, and refuses a server of another authority", async (t) => {
  const list = (url: string) =>
    execa('pulumi', ['stack', 'ls', '--all', '--non-interactive'], {
      cwd: directory,
      env: { PULUMI_BACKEND_URL: url, PULUMI_HOME: join(directory, 'pulumi'), PULUMI_SKIP_UPDATE_CHECK: 'true' },
      ...{ reject: false, timeout: 60_000, all: true },
    });
  const good = await list(server.url);
  t.is(good.exitCode, 0, good.all);
  const refused = await list(trusting(otherCa));
  t.not(refused.exitCode, 0);
  t.regex(refused.all ?? '', /certificate/);
  const state = createStateDatabase(server.url);
  t.teardown(() => state.close());
  t.deepEqual((await state.query('select key from state', [])).rows, [{ key: 'postgres/.pulumi/meta.yaml' }]);
});

test.serial('so do the services', async (t) => {
  const ask = async (url: string): Promise<unknown> => {
    const db = createDatabase({ url, poolSize: 1, applicationName: 'test' });
    try {
      return (await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)).rows;
    } finally {
      await db.destroy();
    }
  };
  t.deepEqual(await ask(server.url), [{ ssl: true }]);
  await t.throwsAsync(ask(trusting(otherCa)), { message: /certificate/ });
});

test.serial("so do the tenants' stacks, and the inventory", async (t) => {
  const { hostname: host, port, username, password } = new URL(server.url);
  const login = { host, port: Number(port), username, password: decodeURIComponent(password), database: 'postgres' };
  const context = { signal: new AbortController().signal, timeoutMs: 10_000 };
  const bySsl = (sslRootCert: string) =>
    withConnection({ config: { ...login, sslMode: 'verify-full', sslRootCert, connectTimeoutMs: 5_000 }, context }, async (client) => {
      return (await client.query('select 1 as one')).rows as unknown[];
    });
  t.deepEqual(await bySsl(server.caFile), [{ one: 1 }]);
  await t.throwsAsync(bySsl(otherCa), { message: /certificate/ });

  const inventory = async (file: string): Promise<unknown[]> => {
    const ca = { certificate: await readFile(file, 'utf8'), file };
    const pool = connectSharedServer({
      ...{ host, port: Number(port), adminUser: username, adminPassword: login.password, sslMode: 'verify-full', ca },
    });
    try {
      return (await pool.query('select 1 as one')).rows as unknown[];
    } finally {
      await pool.end();
    }
  };
  t.deepEqual(await inventory(server.caFile), [{ one: 1 }]);
  await t.throwsAsync(inventory(otherCa), { message: /certificate/ });
});
