import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createTestDatabase } from '../../support/test-database.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { answer } from '../instance/start-instance.ts';
import { runMain } from '../instance/run-main.ts';

test('the process becomes ready, answers, counts, and ends with 0 on SIGTERM', async (t) => {
  const database = await createTestDatabase();
  const redis = await createTestRedis();
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  try {
    const proxy = await runMain('proxy/main.ts', env);
    t.is((await fetch(`${proxy.url}/health`)).status, 200);
    t.is((await fetch(`${proxy.url}/ready`)).status, 200);
    const { status, body } = await answer(await fetch(`${proxy.url}/v1/app_unknown1/users?token=in-the-query`));
    t.is(status, 404);
    t.is(body.error.code, 'not_found');
    const metrics = await (await fetch(proxy.metricsUrl)).text();
    t.regex(metrics, /authsome_proxy_request_duration_seconds_count\{status="404",reason="not_found"\} 1/);
    for (const dependency of ['database', 'redis'])
      t.regex(metrics, new RegExp(`authsome_dependency_up\\{dependency="${dependency}"\\} 1`));
    t.is((await fetch(`${proxy.url}/metrics`)).status, 404);
    t.is(await proxy.terminate(), 0);
    t.false(proxy.output().includes('in-the-query'));
  } finally {
    await redis.close();
    await database.drop();
  }
});
