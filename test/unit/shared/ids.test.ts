import test from 'ava';
import { isId, newId } from '../../../services/shared/ids.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';

test('an application id is what the tenant program accepts', (t) => {
  for (let i = 0; i < 200; i += 1) {
    const id = newId('app');
    t.regex(id, /^app_[a-z][a-z0-9]{11}$/);
    t.true(tenantSpecSchema.shape.appId.safeParse(id).success);
  }
});

test('ids have their prefix and differ', (t) => {
  const ids = Array.from({ length: 1_000 }, () => newId('job'));
  t.true(ids.every((id) => /^job_[a-z0-9]{20}$/.test(id) && isId('job', id)));
  t.is(new Set(ids).size, ids.length);
});

for (const text of [
  '',
  'app_',
  'app_1',
  'ws_abcdefgh',
  'app_abc def',
  "app_a'b--cd",
  'app_abcdefg\0',
  'APP_abcdefg',
  `app_${'a'.repeat(65)}`,
]) {
  test(`no application id: ${JSON.stringify(text)}`, (t) => t.false(isId('app', text)));
}
