import test from 'ava';
import { z } from 'zod';
import { recordPlatform, secretValue } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

let resources: RecordedResource[];

test.before(async () => {
  resources = await recordPlatform({ 'authsome:profile': 'local' });
});

const container = z
  .object({
    name: z.string(),
    image: z.string(),
    args: z.array(z.string()).optional(),
    env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
    envFrom: z.array(z.object({ secretRef: z.object({ name: z.string() }) })),
    securityContext: z.object({ readOnlyRootFilesystem: z.literal(true), allowPrivilegeEscalation: z.literal(false) }).loose(),
    resources: z.object({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }),
  })
  .loose();
const cronJobSchema = z.object({
  spec: z.object({
    schedule: z.string(),
    suspend: z.boolean().default(false),
    concurrencyPolicy: z.string(),
    jobTemplate: z.object({
      spec: z.object({
        backoffLimit: z.int(),
        activeDeadlineSeconds: z.int(),
        template: z.object({
          metadata: z.object({ labels: z.record(z.string(), z.string()) }),
          spec: z
            .object({
              automountServiceAccountToken: z.boolean(),
              restartPolicy: z.string(),
              securityContext: z
                .object({ runAsNonRoot: z.literal(true), seccompProfile: z.object({ type: z.literal('RuntimeDefault') }) })
                .loose(),
              initContainers: z.array(container).default([]),
              containers: z.array(container),
              volumes: z.array(z.object({ name: z.string() }).loose()),
            })
            .loose(),
        }),
      }),
    }),
  }),
});

const named = (kind: string, name: string): RecordedResource | undefined =>
  resources.find((resource) => resource.type.endsWith(`:${kind}`) && resource.name === name);
const cronJob = (name: string) => cronJobSchema.parse(named('CronJob', name)?.inputs).spec;
const secretOf = (name: string): Record<string, string> =>
  (secretValue(named('Secret', name)?.inputs) as { stringData: Record<string, string> }).stringData;

test('backups run on their schedule, one at a time, bounded, and in a pod without rights', (t) => {
  const { schedule, suspend, concurrencyPolicy, jobTemplate } = cronJob('backup');
  t.is(schedule, '30 2 * * *');
  t.false(suspend);
  t.is(concurrencyPolicy, 'Forbid');
  t.is(jobTemplate.spec.activeDeadlineSeconds, 3_600);
  const { spec } = jobTemplate.spec.template;
  t.false(spec.automountServiceAccountToken);
  t.is(spec.restartPolicy, 'Never');
  t.deepEqual(
    spec.containers.map(({ args }) => args),
    [['run']],
  );
  t.true(spec.volumes.some(({ name }) => name === 'backups'));
});

test('what runs every night is given no password that can write', (t) => {
  const secret = secretOf('backup');
  for (const url of ['CONTROL_DATABASE_URL', 'STATE_DATABASE_URL', 'TENANTS_DATABASE_URL'])
    t.regex(secret[url] ?? '', /^postgres:\/\/authsome_backup:/);
  t.false(Object.keys(secret).some((name) => name.includes('ADMIN') || name.includes('REDIS')));
  const text = JSON.stringify(secret);
  for (const other of ['generated-platform-postgres', 'generated-platform-tenants-postgres', 'generated-platform-pulumi-passphrase'])
    t.false(text.includes(`${other}@`) || text.includes(`"${other}"`), other);
});

test('a restore is never started by itself, and is followed by the database setup', (t) => {
  const { suspend, jobTemplate } = cronJob('restore');
  const { spec } = jobTemplate.spec.template;
  t.true(suspend);
  t.deepEqual(
    [...spec.initContainers, ...spec.containers].map(({ name }) => name),
    ['restore', 'database-setup'],
  );
  t.deepEqual(spec.containers[0]?.envFrom, [{ secretRef: { name: 'database-setup' } }]);
});

test('databases let backups in, and backups may go nowhere but to what they need', (t) => {
  const policySchema = z.object({ spec: z.looseObject({ policyTypes: z.array(z.string()) }) });
  for (const server of ['postgres', 'tenants-postgres']) {
    const text = JSON.stringify(named('NetworkPolicy', `${server}-ingress`)?.inputs);
    for (const part of ['backup', 'restore']) t.true(text.includes(`"app.kubernetes.io/name":"${part}"`), `${server} ${part}`);
  }
  for (const part of ['backup', 'restore']) {
    const policy = policySchema.parse(named('NetworkPolicy', `${part}-egress`)?.inputs).spec;
    t.deepEqual(policy.policyTypes, ['Egress']);
    t.false(JSON.stringify(policy).includes('0.0.0.0/0'));
  }
});

test('the keys without which a backup is of no use are a secret output of the stack', async (t) => {
  const { recoveryKeys } = await import('../../../platform/index.ts');
  const known = await new Promise<unknown>((resolve) => recoveryKeys.apply(resolve));
  t.deepEqual(known, {
    encryptionKey: 'a2V5',
    pulumiPassphrase: 'generated-platform-pulumi-passphrase',
    authSecret: 'generated-platform-auth',
  });
});
