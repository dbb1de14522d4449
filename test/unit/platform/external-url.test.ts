import test from 'ava';
import { checkExternalUrl, parseExternalUrl } from '../../../platform/postgres/external-url.ts';

const parse = (text: string) => parseExternalUrl(text, 'authsome:postgresUrl');

test('a URL is read with its defaults, and its login stays as it stands in it', (t) => {
  t.deepEqual(parse('postgres://admin:p%40ss@db.example.com'), {
    login: 'admin:p%40ss',
    host: 'db.example.com',
    port: 5_432,
    sslMode: 'verify-full',
  });
  t.like(parse('postgresql://a:b@db.example.com:6432/postgres?sslmode=require'), { port: 6_432, sslMode: 'require' });
});

const refuses = test.macro({
  exec: (t, text: string, reason: RegExp) => {
    const error = t.throws(() => parse(text));
    t.regex(error.message, reason);
    t.true(error.message.startsWith('authsome:postgresUrl: '));
    t.false(error.message.includes('hunter2'));
  },
  title: (_title, text: string) => `refused without a word of it: ${text}`,
});

test(refuses, 'hunter2', /must be a URL/);
test(refuses, 'postgres://admin:hunter2@[', /must be a URL/);
test(refuses, 'mysql://admin:hunter2@db.example.com', /postgres:\/\//);
test(refuses, 'postgres://admin@db.example.com', /password/);
test(refuses, 'postgres://:hunter2@db.example.com', /user/);
test(refuses, 'postgres://admin:hunter2@db.example.com/other', /no database but postgres/);
test(refuses, 'postgres://admin:hunter2@db.example.com?sslmode=disable', /sslmode must be one of require, verify-ca, verify-full/);
test(refuses, 'postgres://admin:hunter2@db.example.com?options=-csearch_path', /options/);

const around = {
  key: 'authsome:tenantsPostgresUrl',
  name: 'tenants',
  hasCa: true,
  other: { host: 'db.example.com', port: 5_432 },
} as const;

test('tenants don’t get the control database’s server, but another one at the same host', (t) => {
  const check = (text: string) => () => checkExternalUrl(parse(text), around);
  t.throws(check('postgres://a:b@db.example.com'), { message: /^authsome:tenantsPostgresUrl: is the server of the control database/ });
  t.notThrows(check('postgres://a:b@db.example.com:6432'));
});

test('a certificate that is to be looked at needs its authority', (t) => {
  const check = (text: string) => () => checkExternalUrl(parse(text), { ...around, hasCa: false });
  t.throws(check('postgres://a:b@other.example.com'), {
    message: /sslmode=verify-full needs authsome:settings\.externalPostgres\.tenants\.caCertificate/,
  });
  t.notThrows(check('postgres://a:b@other.example.com?sslmode=require'));
});
