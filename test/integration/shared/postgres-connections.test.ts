import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { sql } from 'kysely';
import { createDatabase } from '../../../services/shared/db/database.ts';
import { isOutage } from '../../../services/shared/db/is-outage.ts';
import { createClient, createPool } from '../../../services/shared/db/postgres-connections.ts';
import { serviceUrl } from '../../support/service-url.ts';
import { startRelay } from '../../support/start-relay.ts';

const url = serviceUrl('TEST_DATABASE_URL');
const hasty = { application_name: 'test', connectionTimeoutMillis: 500, query_timeout: 500 };
const patient = { application_name: 'test', connectionTimeoutMillis: 20_000, query_timeout: 20_000 };

// An error that no listener takes is an uncaught exception, which ends this process too, and fails the file.

const pidOf = 'select pg_backend_pid() as pid';
const terminate = async (pid: number | undefined): Promise<void> => {
  const admin = createClient({ connectionString: url, ...patient });
  await admin.connect();
  await admin.query('select pg_terminate_backend($1, 10000)', [pid]);
  await admin.end();
};

test.serial('a connection that is taken out of the pool may end between two statements, and the pool goes on', async (t) => {
  const pool = createPool({ connectionString: url, max: 1, ...patient });
  t.teardown(() => pool.end());
  const client = await pool.connect();
  const ended = new Promise((resolve) => client.once('end', resolve));
  await client.query('begin');
  await terminate((await client.query<{ pid: number }>(pidOf)).rows[0]?.pid);
  await ended;
  t.true(isOutage(await t.throwsAsync(client.query('select 1'))));
  client.release();
  t.is((await pool.query('select 1')).rowCount, 1);
});

test.serial('a transaction may lose its connection in the middle of a statement', async (t) => {
  const db = createDatabase({ url, poolSize: 1, applicationName: 'test' });
  t.teardown(() => db.destroy());
  const work = db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
    const [outcome] = await Promise.allSettled([sql`select pg_sleep(20)`.execute(tx), terminate(rows[0]?.pid)]);
    if (outcome.status === 'rejected') throw outcome.reason;
  });
  t.true(isOutage(await t.throwsAsync(work)));
  t.is((await sql`select 1`.execute(db)).rows.length, 1);
});

test.serial('an idle connection that the server ends is reported, and replaced', async (t) => {
  const errors: Error[] = [];
  const pool = createPool({ connectionString: url, max: 1, ...patient }, (error) => errors.push(error));
  t.teardown(() => pool.end());
  const { rows } = await pool.query<{ pid: number }>(pidOf);
  const removed = new Promise((resolve) => pool.once('remove', resolve));
  await terminate(rows[0]?.pid);
  await removed;
  t.is(errors.length, 1);
  t.is((await pool.query('select 1')).rowCount, 1);
});

test.serial('a single connection may end while it is idle', async (t) => {
  const client = createClient({ connectionString: url, ...patient });
  await client.connect();
  const ended = new Promise((resolve) => client.once('end', resolve));
  await terminate((await client.query<{ pid: number }>(pidOf)).rows[0]?.pid);
  await ended;
  await t.throwsAsync(client.query('select 1'));
  await client.end();
});

test.serial('a server that accepts connections and says nothing is given up', async (t) => {
  const mute = await startRelay();
  t.teardown(() => mute.close());
  const startedAt = performance.now();
  const config = { host: '127.0.0.1', port: mute.port, user: 'u', password: 'p', database: 'd', ...hasty };
  await t.throwsAsync(createClient(config).connect());
  const pool = createPool(config);
  t.true(isOutage(await t.throwsAsync(pool.query('select 1'))));
  await pool.end();
  t.true(performance.now() - startedAt < 5_000);
});

test.serial('a socket that is connected to itself, as the kernel may do with a port of its own range, is given up', async (t) => {
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  t.teardown(() => echo.close());
  const { port } = echo.address() as AddressInfo;
  const client = createClient({ host: '127.0.0.1', port, user: 'u', password: 'p', database: 'd', ...hasty });
  await t.throwsAsync(client.connect());
});

test.serial('a connection on which the server falls silent is given up and not used again', async (t) => {
  const relay = await startRelay(url);
  t.teardown(() => relay.close());
  const db = createDatabase({ url: relay.url, poolSize: 1, applicationName: 'test', statementTimeoutMs: 500 });
  t.teardown(() => db.destroy());
  await sql`select 1`.execute(db);
  relay.silence();
  t.true(isOutage(await t.throwsAsync(sql`select 1`.execute(db))));
  relay.restore();
  t.is((await sql`select 1`.execute(db)).rows.length, 1);
  t.is(relay.connections(), 2);
});
