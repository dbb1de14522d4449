import { randomBytes } from 'node:crypto';
import test from 'ava';
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

test('a bad environment is reported whole, by name, and ends with 1', async (t) => {
  const { code, output } = await runTask('services/instance/main.ts', { APP_ID: 'nonsense', INSTANCE_TOKEN: 'too-short-secret' });
  t.is(code, 1);
  for (const name of ['APP_ID', 'DATABASE_URL', 'REDIS_URL', 'INSTANCE_TOKEN', 'AUTH_SECRET']) t.true(output.includes(name), name);
  t.false(output.includes('too-short-secret'));
});
