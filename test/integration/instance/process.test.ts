import { randomBytes } from 'node:crypto';
import test from 'ava';
import { freePort } from '../../support/free-port.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { createEmptyDatabase } from './create-empty-database.ts';
import { runMain, runTask } from './run-main.ts';

test('replicas that start together on an empty database migrate it, become ready, and end with 0 on SIGTERM; a later start finds it done', async (t) => {
  const database = await createEmptyDatabase();
  const redis = await createTestRedis();
  const env = {
    APP_ID: 'app_process123',
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    INSTANCE_TOKEN: randomBytes(32).toString('hex'),
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ALLOWED_ORIGINS: 'https://shop.example.com, https://www.example.com',
  };
  try {
    const [first, second] = await Promise.all([runMain('services/instance/main.ts', env), runMain('services/instance/main.ts', env)]);
    for (const replica of [first, second]) {
      t.is((await fetch(`${replica.url}/ready`)).status, 200);
      t.is(await replica.terminate(), 0);
    }

    const instance = await runMain('services/instance/main.ts', env);
    t.is((await fetch(`${instance.url}/ready`)).status, 200);
    t.is(await instance.terminate(), 0);
    for (const secret of [env.INSTANCE_TOKEN, env.AUTH_SECRET]) t.false(instance.output().includes(secret));
  } finally {
    await redis.close();
    await database.drop();
  }
});

test('metrics are on a port of their own, which serves nothing else; Redis away is degraded and still ready', async (t) => {
  const database = await createEmptyDatabase();
  const instance = await runMain('services/instance/main.ts', {
    APP_ID: 'app_process456',
    DATABASE_URL: database.url,
    REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    INSTANCE_TOKEN: randomBytes(32).toString('hex'),
    AUTH_SECRET: randomBytes(32).toString('hex'),
  });
  try {
    const metricsPort = /"metricsPort":(\d+)/.exec(instance.output())?.[1];
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    t.is(metrics.status, 200);
    t.regex(await metrics.text(), /authsome_instance_request_duration_seconds/);
    for (const path of ['/', '/health', '/auth/session', '/metricsx']) {
      t.is((await fetch(`http://127.0.0.1:${metricsPort}${path}`)).status, 404, path);
    }
    t.is((await fetch(`${instance.url}/metrics`)).status, 401);

    const ready = await fetch(`${instance.url}/ready`);
    t.is(ready.status, 200);
    t.deepEqual(await ready.json(), { status: 'degraded', checks: { database: 'ok', redis: 'failed' } });
    await database.drop();
    const unready = await fetch(`${instance.url}/ready`);
    t.is(unready.status, 503);
    t.like(await unready.json(), { status: 'unavailable' });
  } finally {
    await instance.terminate();
    await database.drop();
  }
});

test('a bad provider setting is reported by its variable, and no secret in it is repeated', async (t) => {
  const { code, output } = await runTask('services/instance/main.ts', {
    SOCIAL_PROVIDERS: '{"google":{"clientId":"id","clientSecret":"very-secret","extra":"very-secret"}}',
    OIDC_PROVIDERS: '{"acme":{"issuer":"http://very-secret.example.com","clientId":"id","clientSecret":"very-secret"',
    EMAIL_SMTP_URL: 'http://user:very-secret@mail.example.com',
  });
  t.is(code, 1);
  for (const name of ['SOCIAL_PROVIDERS', 'OIDC_PROVIDERS', 'EMAIL_SMTP_URL']) t.true(output.includes(name), name);
  t.false(output.includes('very-secret'));
});

test('a bad environment is reported whole, by name, and ends with 1', async (t) => {
  const { code, output } = await runTask('services/instance/main.ts', { APP_ID: 'nonsense', INSTANCE_TOKEN: 'too-short-secret' });
  t.is(code, 1);
  for (const name of ['APP_ID', 'DATABASE_URL', 'REDIS_URL', 'INSTANCE_TOKEN', 'AUTH_SECRET']) t.true(output.includes(name), name);
  t.false(output.includes('too-short-secret'));
});
