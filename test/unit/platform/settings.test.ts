import test from 'ava';
import { profiles } from '../../../platform/profiles.ts';
import { platformSettingsSchema } from '../../../platform/settings.ts';
import type { PlatformSettings } from '../../../platform/settings.ts';

for (const [name, profile] of Object.entries(profiles)) {
  test(`the ${name} profile is a valid settings value`, (t) => {
    t.deepEqual(platformSettingsSchema.parse(profile), profile);
  });
}

test('production runs the replicas that the product promises', (t) => {
  const { controlApi, proxy, provisioner } = profiles.production.workloads;
  t.deepEqual([controlApi.replicas, proxy.replicas, provisioner.replicas], [3, 5, 3]);
});

const problems = (change: (settings: PlatformSettings) => void): string[] => {
  const settings = structuredClone(profiles.production);
  change(settings);
  return platformSettingsSchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
};

for (const [title, change, problem] of [
  [
    'a disruption budget that would keep every node from being emptied',
    (settings) => (settings.workloads.proxy.minAvailable = 5),
    /^workloads\.proxy\.minAvailable: must be below the 5 replicas/,
  ],
  [
    'the same where no autoscaler runs and there are fewer',
    (settings) => Object.assign(settings.workloads.proxy, { replicas: 2 }) && (settings.tenants.metricsApi = false),
    /^workloads\.proxy\.minAvailable: must be below the 2 replicas/,
  ],
  [
    'an autoscaler without room',
    (settings) => (settings.workloads.controlApi.autoscale = { min: 3, max: 3 }),
    /^workloads\.controlApi\.autoscale: max must be above min/,
  ],
  ['an ingress without TLS', (settings) => (settings.urls.control = 'http://api.example.com'), /^urls\.control: must be https/],
  [
    'ranges for a controller that can’t keep to them',
    (settings) =>
      Object.assign(settings.ingress ?? {}, { controller: 'other', allowedCidrs: ['198.51.100.0/24'] }) && (settings.edge = undefined),
    /^ingress\.allowedCidrs: this controller takes no such limit/,
  ],
  [
    'an edge before a controller that can’t be told of it',
    (settings) => Object.assign(settings.ingress ?? {}, { controller: 'other' }),
    /^ingress\.controller: must be one that can be told to let in Cloudflare alone/,
  ],
  [
    'other ranges than the edge’s where it is on',
    (settings) => Object.assign(settings.ingress ?? {}, { allowedCidrs: ['198.51.100.0/24'] }),
    /^ingress\.allowedCidrs: must be left out where the edge is on/,
  ],
  [
    'a dashboard without a host',
    (settings) =>
      Object.assign(settings.ingress ?? {}, { dashboard: { service: 'dashboard', port: 80 } }) && delete settings.urls.dashboard,
    /^urls\.dashboard: must be given/,
  ],
  [
    'an issuer that proves nothing',
    (settings) => Object.assign(settings, { certificateIssuer: { name: 'a', email: 'a@example.com' } }),
    /^certificateIssuer: must have one of http01 and dns01/,
  ],
  [
    'an issuer whose questions lead nowhere',
    (settings) => Object.assign(settings, { ingress: undefined, certificateIssuer: { name: 'a', email: 'a@example.com', http01: true } }),
    /^certificateIssuer\.http01: needs an ingress/,
  ],
  [
    'a metrics server that nobody goes by',
    (settings) => Object.assign(settings, { metricsServer: {} }) && (settings.tenants.metricsApi = false),
    /^tenants\.metricsApi: must be true/,
  ],
  [
    'a queue that nobody measures',
    (settings) => Object.assign(settings, { observability: undefined, queueScaling: { kedaNamespace: 'keda' } }),
    /^queueScaling\.prometheusUrl: must be given/,
  ],
  [
    'everybody as an operator',
    (settings) => (settings.operators.groups = ['system:authenticated']),
    /^operators\.groups\.0: must not be one of system:/,
  ],
  ['two NATS servers', (settings) => Object.assign(settings.data.nats, { replicas: 2 }), /^data\.nats\.replicas: /],
] satisfies [string, (settings: PlatformSettings) => unknown, RegExp][])
  test(`refused, by the name of the setting: ${title}`, (t) => {
    const found = problems(change);
    t.is(found.length, 1, found.join('\n'));
    t.regex(found[0] ?? '', problem);
  });

test('a profile’s ingress can be taken away', (t) => {
  t.is(platformSettingsSchema.parse({ ...profiles.production, ingress: 'none' }).ingress, undefined);
  t.false(platformSettingsSchema.safeParse({ ...profiles.production, ingress: 'some' }).success);
});
