import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { newId } from '../../../services/shared/ids.ts';
import { during, endPostgresConnections, endRedisConnections } from '../../support/end-connections.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createEmptyDatabase } from '../instance/create-empty-database.ts';
import { runMain } from '../instance/run-main.ts';
import type { RunningMain } from '../instance/run-main.ts';

/** Requests at once, again and again: some of them are in the middle of a transaction when their connection ends. */
const callers = 4;
const requestsOfEach = 5;
const requestTimeoutMs = 30_000;

interface Service {
  main: string;
  database: () => Promise<{ url: string; drop: () => Promise<void> }>;
  env: Record<string, string>;
  /** A request that reads or writes the database, without Redis if that is how it falls back. */
  request: (url: string) => [string, RequestInit];
  /** What it answers while its servers are there. */
  status: number;
}

const account = (): string =>
  JSON.stringify({ name: 'Ada', email: `${randomBytes(8).toString('hex')}@example.com`, password: 'correct horse' });
const json = { 'content-type': 'application/json' };
const instanceToken = randomBytes(32).toString('hex');

const services: Record<string, Service> = {
  'control-api': {
    main: 'services/control-api/main.ts',
    database: createTestDatabase,
    env: {
      NATS_URL: 'nats://127.0.0.1:1',
      ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
      AUTH_SECRET: randomBytes(32).toString('hex'),
      AUTH_REQUESTS_PER_MINUTE: '10000',
      PUBLIC_URL: 'http://localhost',
      CUSTOMER_API_URL: 'http://localhost',
      REGIONS: 'us-east-1',
    },
    request: (url) => [`${url}/control/v1/auth/signup`, { method: 'POST', headers: json, body: account() }],
    status: 201,
  },
  instance: {
    main: 'services/instance/main.ts',
    database: createEmptyDatabase,
    env: {
      APP_ID: 'app_ended12345',
      INSTANCE_TOKEN: instanceToken,
      AUTH_SECRET: randomBytes(32).toString('hex'),
      PASSWORD_HASH_COST: '13',
    },
    request: (url) => [
      `${url}/auth/signup`,
      {
        method: 'POST',
        headers: {
          ...json,
          'x-authsome-instance-token': instanceToken,
          'x-authsome-app-id': 'app_ended12345',
          'x-authsome-key-type': 'public',
          'x-authsome-scopes': '',
        },
        body: account(),
      },
    ],
    status: 201,
  },
  proxy: {
    main: 'proxy/main.ts',
    database: createTestDatabase,
    env: { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') },
    // Redis does not know it either, so PostgreSQL is asked.
    request: (url) => [`${url}/v1/${newId('app')}/auth/session`, {}],
    status: 404,
  },
};

for (const [name, service] of Object.entries(services)) {
  test.serial(`${name}: connections that PostgreSQL or Redis ends, idle or busy, cost answers and never the process`, async (t) => {
    const { process_, databaseUrl, redisUrl } = await start(t, service);
    const answers = async (): Promise<boolean> => (await ask(process_, service)) === service.status;
    t.true(await answers());

    t.true((await endPostgresConnections(databaseUrl)) > 0, 'an idle connection was ended');
    t.true((await endRedisConnections(redisUrl)) > 0);
    await waitFor('an answer after idle connections ended', answers);

    const load = Promise.all(Array.from({ length: callers }, () => askOften(process_, service)));
    const statuses = await during(load, async () => {
      await Promise.all([endPostgresConnections(databaseUrl), endRedisConnections(redisUrl)]);
    });
    const unexpected = statuses.flat().filter((status) => ![service.status, 503].includes(status));
    t.deepEqual([...new Set(unexpected)], [], failuresIn(process_.output()));
    await waitFor('an answer after busy connections ended', answers);
    t.is((await fetch(`${process_.url}/ready`)).status, 200);

    t.is(await process_.terminate(), 0);
    t.notRegex(process_.output(), /Uncaught exception|Unhandled rejection/);
  });
}

async function start(t: ExecutionContext, service: Service): Promise<{ process_: RunningMain; databaseUrl: string; redisUrl: string }> {
  const [database, redis] = await Promise.all([service.database(), createTestRedis()]);
  t.teardown(() => Promise.all([redis.close(), database.drop()]));
  const process_ = await runMain(service.main, { ...service.env, DATABASE_URL: database.url, REDIS_URL: redis.url });
  // The last one that is named comes first.
  t.teardown(() => process_.terminate());
  const { url } = process_;
  await waitFor('the process to be ready', async () => (await fetch(`${url}/ready`)).ok);
  return { process_, databaseUrl: database.url, redisUrl: redis.url };
}

function failuresIn(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.includes('"level":"error"'))
    .slice(-3)
    .join('\n');
}

async function ask({ url }: RunningMain, service: Service): Promise<number> {
  const [target, init] = service.request(url);
  const response = await fetch(target, { ...init, signal: AbortSignal.timeout(requestTimeoutMs) });
  await response.text();
  return response.status;
}

async function askOften(process_: RunningMain, service: Service): Promise<number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < requestsOfEach; count += 1) statuses.push(await ask(process_, service));
  return statuses;
}
