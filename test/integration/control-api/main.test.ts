import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execa } from 'execa';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { openEvents } from '../../support/event-reader.ts';
import { freePort } from '../../support/free-port.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import { newestJob } from '../../support/provisioned-application.ts';
import { serviceUrl } from '../../support/service-url.ts';
import { startTraceCollector } from '../../support/start-trace-collector.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { waitFor } from '../../support/wait-for.ts';

function start(t: ExecutionContext, env: Record<string, string>) {
  const child = execa('node', ['services/control-api/main.ts'], { env, reject: false, all: true });
  t.teardown(() => void child.kill('SIGKILL'));
  return child;
}

async function environment(databaseUrl: string): Promise<Record<string, string>> {
  return {
    PORT: String(await freePort()),
    METRICS_PORT: String(await freePort()),
    DATABASE_URL: databaseUrl,
    REDIS_URL: serviceUrl('TEST_REDIS_URL'),
    NATS_URL: serviceUrl('TEST_NATS_URL'),
    ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    AUTH_SECRET: 'hunter2hunter2hunter2hunter2hunter2',
    PUBLIC_URL: 'http://localhost',
    CUSTOMER_API_URL: 'http://localhost',
    REGIONS: 'us-east-1',
  };
}

const isReady = (port: string) =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

test.serial('the process becomes ready, answers, and ends with 0 on SIGTERM', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const env = await environment(database.url);
  const child = start(t, env);
  await waitFor('the process to be ready', () => isReady(env.PORT ?? ''));
  t.is((await fetch(`http://127.0.0.1:${env.PORT}/control/v1/auth/me`)).status, 401);
  const metrics = await (await fetch(`http://127.0.0.1:${env.METRICS_PORT}/metrics`)).text();
  t.regex(metrics, /^process_cpu_seconds_total /m);
  for (const dependency of ['database', 'redis', 'nats'])
    t.regex(metrics, new RegExp(`^authsome_dependency_up\\{dependency="${dependency}"\\} [01]$`, 'm'));
  t.regex(metrics, /^authsome_leader\{leads="control-api"\} [01]$/m);

  child.kill('SIGTERM');
  const { exitCode, all } = await child;
  t.is(exitCode, 0, all);
  t.false(all.includes('hunter2'));
});

test.serial('a request is a trace with its statements, its log line names it, and the job that it writes carries it on', async (t) => {
  const [database, collector] = await Promise.all([createTestDatabase(), startTraceCollector()]);
  t.teardown(() => Promise.all([database.drop(), collector.stop()]));
  const env: Record<string, string> = { ...(await environment(database.url)), OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const child = start(t, env);
  await waitFor('the process to be ready', () => isReady(env.PORT ?? ''));
  const owner = await signUpOwner(`http://127.0.0.1:${env.PORT}`);
  const { body } = await createApplication(owner, await createWorkspace(owner));
  const job = await database.db.selectFrom('jobs').select('trace_parent').where('application_id', '=', body.id).executeTakeFirstOrThrow();
  child.kill('SIGTERM');
  const { all } = await child;

  const served = collector.spans.find(({ name }) => name === 'POST /control/v1/workspaces/:id/applications');
  t.truthy(served, collector.spans.map(({ name }) => name).join());
  t.is(job.trace_parent, `00-${served?.traceId}-${served?.spanId}-01`);
  const statements = collector.spans.filter(({ parentSpanId }) => parentSpanId === served?.spanId);
  t.true(statements.some(({ attributes }) => String(attributes['db.query.text']).startsWith('insert into "jobs"')));
  t.true(all.split('\n').some((line) => line.includes(`"traceId":"${served?.traceId}"`) && line.includes('Request answered')));
  t.false(collector.spans.some(({ name }) => name.includes('/ready')));
});

test.serial('a shutdown ends the event streams, and does not wait for them', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const env = await environment(database.url);
  const child = start(t, env);
  await waitFor('the process to be ready', () => isReady(env.PORT ?? ''));
  const url = `http://127.0.0.1:${env.PORT}`;
  const owner = await signUpOwner(url);
  const { body } = await createApplication(owner, await createWorkspace(owner));
  const { id: operationId } = await newestJob(database.db, body.id);
  const reader = await openEvents(`${url}/control/v1/applications/${body.id}/operations/${operationId}/events`, { token: owner.token });
  await reader.until('operation');

  const startedAt = Date.now();
  child.kill('SIGTERM');
  t.is(await reader.ended, 'ended');
  t.is((await child).exitCode, 0);
  t.true(Date.now() - startedAt < 15_000, 'the time to drain is 20 s');
});

test.serial('the process starts and is ready while Redis and NATS are away, and still ends on SIGTERM', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const away = { REDIS_URL: `redis://127.0.0.1:${await freePort()}`, NATS_URL: `nats://127.0.0.1:${await freePort()}` };
  const env: Record<string, string> = { ...(await environment(database.url)), ...away };
  const child = start(t, env);
  await waitFor('the process to be ready', () => isReady(env.PORT ?? ''));
  child.kill('SIGTERM');
  t.is((await child).exitCode, 0);
});

test.serial('the process is alive but not ready while the database is away', async (t) => {
  const env = await environment(`postgres://u:p@127.0.0.1:${await freePort()}/d`);
  const child = start(t, env);
  await waitFor('the process to be alive', () =>
    fetch(`http://127.0.0.1:${env.PORT}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  t.is((await fetch(`http://127.0.0.1:${env.PORT}/ready`)).status, 503);
  child.kill('SIGTERM');
  t.is((await child).exitCode, 0);
});

test.serial('a bad configuration ends the process with 1, naming the variables and no value', async (t) => {
  const { exitCode, all } = await start(t, { AUTH_SECRET: 'hunter2', DATABASE_URL: 'mysql://hunter2' });
  t.is(exitCode, 1);
  for (const name of ['AUTH_SECRET', 'DATABASE_URL', 'REGIONS']) t.true(all.includes(name), name);
  t.false(all.includes('hunter2'));
});

test.serial('a port that is taken ends the process with 1, saying so', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, resolve));
  t.teardown(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { exitCode, all } = await start(t, { ...(await environment('postgres://u:p@127.0.0.1:1/d')), PORT: String(port) });
  t.is(exitCode, 1);
  t.true(all.includes('EADDRINUSE'));
});
