import test from 'ava';
import { z } from 'zod';
import { base64Key, commaList, commonConfig, ConfigError, connectionUrl, parseConfig } from '../../../services/shared/config.ts';

const schema = z.object({
  ...commonConfig,
  DATABASE_URL: connectionUrl('postgres'),
  ENCRYPTION_KEY: base64Key,
  MODE: z.enum(['fast', 'slow']),
  REGIONS: commaList.default([]),
});
const valid = { DATABASE_URL: 'postgres://u:p@h/d', ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'), MODE: 'fast' };

test('a good environment gives typed, frozen values with defaults, and nothing that was not asked for', (t) => {
  const config = parseConfig(schema, { ...valid, PORT: '9000', REGIONS: ' us-east-1, eu-west-1,', HOME: '/root' });
  t.deepEqual(config, { ...valid, LOG_LEVEL: 'info', PORT: 9000, REGION: 'us-east-1', MODE: 'fast', REGIONS: ['us-east-1', 'eu-west-1'] });
  t.true(Object.isFrozen(config));
});

test('an empty variable is an absent one', (t) => {
  t.is(parseConfig(schema, { ...valid, PORT: '' }).PORT, 8080);
});

test('every bad variable is named at once, and no value appears', (t) => {
  const secret = 'hunter2hunter2';
  const bad = {
    PORT: secret,
    LOG_LEVEL: secret,
    REGION: secret,
    DATABASE_URL: `mysql://${secret}`,
    ENCRYPTION_KEY: secret,
    MODE: undefined,
  };
  const error = t.throws(() => parseConfig(schema, bad), { instanceOf: ConfigError });
  t.deepEqual(error.problems.map(({ variable }) => variable).sort(), Object.keys(bad).sort());
  t.is(error.problems.find(({ variable }) => variable === 'MODE')?.reason, 'is missing');
  t.false(`${error.message}${JSON.stringify(error.problems)}`.includes(secret));
});
