import test from 'ava';
import { recordPlatform, secretValue } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

let resources: RecordedResource[];
const target = {
  kind: 'bucket',
  bucket: 'backups-example',
  prefix: 'eu/production',
  region: 'eu-west-1',
  endpoint: 'https://s3.example.com:8443',
};

test.before(async () => {
  resources = await recordPlatform({
    'authsome:profile': 'production',
    'authsome:settings': JSON.stringify({ backups: { target } }),
    'authsome:backupsAccessKeyId': 'an-id',
    'authsome:backupsSecretAccessKey': 'a-secret',
    'authsome:encryptionKey': 'b2xkIGtleQ==',
  });
});

const named = (kind: string, name: string): RecordedResource | undefined =>
  resources.find((resource) => resource.type.endsWith(`:${kind}`) && resource.name === name);

test('a bucket takes the place of the volume, with its credentials in the secrets alone', (t) => {
  t.is(named('PersistentVolumeClaim', 'backups'), undefined);
  const jobs = JSON.stringify(named('CronJob', 'backup')?.inputs);
  t.true(jobs.includes('s3://backups-example/eu/production') && jobs.includes('https://s3.example.com:8443') && jobs.includes('eu-west-1'));
  t.false(jobs.includes('an-id') || jobs.includes('a-secret') || jobs.includes('"backups"'));
  for (const name of ['backup', 'restore']) {
    const { stringData } = secretValue(named('Secret', name)?.inputs) as { stringData: Record<string, string> };
    t.like(stringData, { AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'a-secret' });
  }
});

test("backups reach the bucket's port on the internet, and nothing of the cluster's or the cloud's inside by it", (t) => {
  const policy = JSON.stringify(named('NetworkPolicy', 'backup-egress')?.inputs);
  t.true(policy.includes('"cidr":"0.0.0.0/0","except":["10.0.0.0/8"') && policy.includes('169.254.0.0/16') && policy.includes('8443'));
});

test('a key that is given, as that of a platform that was lost, takes the place of the generated one', (t) => {
  const { stringData } = secretValue(named('Secret', 'control-api')?.inputs) as { stringData: Record<string, string> };
  t.is(stringData['ENCRYPTION_KEY'], 'b2xkIGtleQ==');
  t.truthy(named('RandomId', 'platform-encryption-key'));
});
