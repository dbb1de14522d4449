import test from 'ava';
import { sql } from 'kysely';
import { request } from '../../support/owner-client.ts';
import { startControlApi } from '../../support/control-api.ts';

test('a signup that fails half way leaves no account, and says nothing about why', async (t) => {
  const api = await startControlApi();
  t.teardown(() => api.close());
  await sql`alter table accounts add constraint broken check (false)`.execute(api.db);
  const body = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const answer = await request(api.url, { method: 'POST', path: '/control/v1/auth/signup', body });
  t.is(answer.status, 500);
  t.is(answer.body.error.code, 'internal_error');
  t.is(answer.body.error.details, undefined);
  t.deepEqual(await api.db.selectFrom('users').selectAll().execute(), []);
});
