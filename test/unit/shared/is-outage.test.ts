import test from 'ava';
import { isOutage } from '../../../services/shared/db/is-outage.ts';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

for (const code of ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '53300', '08006'])
  test(`${code} is an outage, also as the cause of another error`, (t) => {
    t.true(isOutage(coded(code)));
    t.true(isOutage(new Error('outer', { cause: coded(code) })));
  });

for (const message of [
  'timeout exceeded when trying to connect',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
])
  test(`"${message}" is an outage`, (t) => t.true(isOutage(new Error(message))));

for (const code of ['23505', '42501', '42P01', '57014', 'ERR_INVALID_ARG_TYPE'])
  test(`${code} is none`, (t) => t.false(isOutage(coded(code))));

test('what is no error is no outage', (t) => {
  for (const value of [undefined, null, 'ECONNREFUSED', { code: 'ECONNREFUSED' }]) t.false(isOutage(value));
});
