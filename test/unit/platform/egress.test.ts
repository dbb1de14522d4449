import test from 'ava';
import { z } from 'zod';
import { tenantPorts, tenantSecretsRole } from '../../../platform/tenant-facts.ts';
import { ports } from '../../../domain/tenant-ports.ts';
import { tenantSecretsRole as tenantProgramRole } from '../../../domain/tenant-secrets.ts';
import { inputsOf, recordPlatform } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

const policySchema = z.object({
  spec: z.object({
    podSelector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }),
    policyTypes: z.array(z.string()),
    egress: z
      .array(
        z.object({
          to: z.array(z.record(z.string(), z.unknown())).optional(),
          ports: z.array(z.object({ port: z.number(), protocol: z.string() })),
        }),
      )
      .optional(),
  }),
});
type Policy = z.output<typeof policySchema>['spec'];

let resources: RecordedResource[];
let policies: Policy[];
test.before(async () => {
  resources = await recordPlatform({
    'authsome:profile': 'local',
    'authsome:alertChannels': JSON.stringify({
      slack: { webhookUrl: 'http://relay.internal:8080/hook' },
      email: { to: 'a@example.com', from: 'b@example.com', smarthost: 'mail.example.com:587' },
    }),
  });
  policies = resources
    .filter(({ type }) => type.endsWith(':NetworkPolicy'))
    .map(({ name }) => policySchema.parse(inputsOf(resources, `NetworkPolicy/${name}`)).spec);
});

const egressOf = (part: string): string[] =>
  policies
    .filter(
      ({ podSelector, policyTypes }) => policyTypes.includes('Egress') && podSelector.matchLabels?.['app.kubernetes.io/instance'] === part,
    )
    .flatMap(({ egress = [] }) => egress)
    .map(({ to, ports }) => `${JSON.stringify(to ?? 'anywhere')}:${ports.map(({ port }) => port).join(',')}`);
const reaches = (part: string, target: string): boolean => egressOf(part).some((rule) => rule.includes(target));

test('what no policy names gets nowhere', (t) => {
  const all = policies.find(({ podSelector, policyTypes }) => podSelector.matchLabels === undefined && policyTypes.includes('Egress'));
  t.deepEqual(all?.egress, undefined);
  t.truthy(all);
});

test('every pod of the platform that talks to another has a policy for it, and no rule names everybody', (t) => {
  const parts = ['Deployment', 'StatefulSet', 'Job', 'CronJob'].flatMap((kind) =>
    resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name }) => name),
  );
  // Servers that are only called.
  const silent = ['postgres', 'tenants-postgres', 'redis', 'nats', 'jaeger', 'loki'];
  for (const part of parts) if (!silent.includes(part)) t.true(egressOf(part).length > 0, part);
  for (const part of silent) t.deepEqual(egressOf(part), [], part);
  for (const part of parts) for (const rule of egressOf(part)) if (part !== 'alertmanager') t.false(rule.startsWith('"anywhere"'), rule);
});

test('the proxy reaches its database, its Redis, Jaeger and instances, and neither NATS, the API server nor the tenants’ databases', (t) => {
  for (const target of ['"postgres"}}}]:5432', '"redis"}}}]:6379', '"jaeger"}}}]:4318', '"instance"}}}]:8080'])
    t.true(reaches('proxy', target), target);
  for (const target of ['nats', '16443', 'tenants-postgres', '9090']) t.false(reaches('proxy', target), target);
  const nats = JSON.stringify(inputsOf(resources, 'NetworkPolicy/nats-ingress'));
  t.false(nats.includes('proxy'));
});

test('the control API reaches no tenant, and only what watches the cluster and the provisioner reach its API server', (t) => {
  t.false(reaches('control-api', 'authsome.cloud/app-id'));
  t.false(reaches('control-api', '16443'));
  for (const part of ['provisioner', 'prometheus', 'log-collector'])
    t.true(reaches(part, '[{"ipBlock":{"cidr":"10.77.0.1/32"}}]:16443'), part);
});

test('Alertmanager reaches the ports of its channels', (t) => {
  t.true(egressOf('alertmanager').includes('"anywhere":587,8080'));
});

test('a platform of an earlier version can be updated: no generated password is dropped, and the wide role goes last, by its own name', (t) => {
  t.true(resources.some(({ type, name }) => type.startsWith('random:') && name === 'platform-redis'));
  const roles = resources.filter(({ type }) => /:ClusterRole(Binding)?$/.test(type));
  t.false(roles.some(({ name }) => name === 'provisioner'));
  t.false(roles.some(({ inputs }) => JSON.stringify(inputs).includes('"name":"authsome:provisioner"')));
});

test('the denial comes after all that it spares', (t) => {
  const names = resources.map(({ name }) => name);
  const denial = names.indexOf('platform-default-deny-egress');
  for (const name of ['control-api-egress', 'proxy-egress', 'provisioner-egress', 'backup-egress', 'grafana-egress'])
    if (names.includes(name)) t.true(names.indexOf(name) < denial, name);
});

test('what the platform knows of tenants is what their program does', (t) => {
  t.like(ports, tenantPorts);
  t.is(tenantSecretsRole, tenantProgramRole);
});
