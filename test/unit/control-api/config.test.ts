import test from 'ava';
import { readConfig } from '../../../services/control-api/config.ts';
import { ConfigError } from '../../../services/shared/config.ts';

const valid = {
  DATABASE_URL: 'postgres://u:p@h/d',
  REDIS_URL: 'redis://h',
  NATS_URL: 'nats://h',
  ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
  AUTH_SECRET: 'x'.repeat(32),
  PUBLIC_URL: 'https://api.example.com/',
  CUSTOMER_API_URL: 'https://api.example.com//',
  REGIONS: 'us-east-1,eu-west-1',
};

test('base URLs lose their last slash, lists become lists', (t) => {
  const config = readConfig(valid);
  t.like(config, { PUBLIC_URL: 'https://api.example.com', CUSTOMER_API_URL: 'https://api.example.com', PORT: 8080 });
  t.deepEqual(config.REGIONS, ['us-east-1', 'eu-west-1']);
});

const refuses = test.macro({
  title: (_title, variable: string, value: string | undefined) => `${variable}=${value} is refused`,
  exec(t, variable: string, value: string | undefined) {
    const error = t.throws(() => readConfig({ ...valid, [variable]: value }), { instanceOf: ConfigError });
    t.deepEqual([...new Set(error.problems.map((problem) => problem.variable))], [variable]);
  },
});
test(refuses, 'DATABASE_URL', 'mysql://h');
test(refuses, 'REDIS_URL', undefined);
test(refuses, 'AUTH_SECRET', 'short');
test(refuses, 'REGIONS', '');
test(refuses, 'REGIONS', ' , ');
test(refuses, 'REGIONS', 'moon');
test(refuses, 'PUBLIC_URL', 'ftp://h');
test(refuses, 'ENCRYPTION_KEY', 'AAAA');
test(refuses, 'PORT', '70000');
test(refuses, 'OPERATOR_TOKEN', 'a short one');

test('without an operator token there is none, not an empty one', (t) => {
  t.is(readConfig({ ...valid, OPERATOR_TOKEN: '' }).OPERATOR_TOKEN, undefined);
});
