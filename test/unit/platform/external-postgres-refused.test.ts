import * as pulumi from '@pulumi/pulumi';
import test from 'ava';
import { refuseUnusedUrls } from '../../../platform/postgres/postgres-server.ts';
import { recordPlatform } from './record-platform.ts';

const cidr = '10.20.0.0/24';

test.serial('a server without its URL is refused, with the command that sets it', async (t) => {
  const settings = JSON.stringify({ externalPostgres: { control: { cidr } } });
  await t.throwsAsync(recordPlatform({ 'authsome:profile': 'production', 'authsome:settings': settings }), {
    message: /authsome:postgresUrl must be set .*pulumi config set --secret authsome:postgresUrl/,
  });
});

test.serial('a URL that nothing would use is refused, without a word of it', (t) => {
  pulumi.runtime.setAllConfig({ 'authsome:tenantsPostgresUrl': 'postgres://a:hunter2@db.example.com' });
  const error = t.throws(() => refuseUnusedUrls({ control: { cidr } }));
  t.regex(error.message, /authsome:tenantsPostgresUrl is set, but not authsome:settings\.externalPostgres\.tenants/);
  t.false(error.message.includes('hunter2'));
  t.notThrows(() => refuseUnusedUrls({ tenants: { cidr } }));
});
