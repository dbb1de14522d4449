import * as pulumi from '@pulumi/pulumi';
import test from 'ava';
import type { PublicIngressArgs } from '../../../platform/cluster/public-ingress.ts';
import { controllerAnnotations, ingressControllers } from '../../../platform/cluster/ingress-controllers.ts';
import { profiles } from '../../../platform/profiles.ts';
import type { IngressSettings } from '../../../platform/settings.ts';
import { inputsOf } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

async function record(changes: Partial<IngressSettings>, args: Partial<PublicIngressArgs> = {}): Promise<(kindAndName: string) => unknown> {
  const resources: RecordedResource[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
      resources.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: name, state: inputs as object };
    },
    call: ({ inputs }) => inputs as object,
  });
  const { PublicIngress } = await import('../../../platform/cluster/public-ingress.ts');
  const { production: settings } = profiles;
  const ingress = { ...settings.ingress, ...changes } as IngressSettings;
  new PublicIngress('public', { namespace: 'authsome-system', settings, ingress, ...args });
  await pulumi.runtime.disconnect();
  return (kindAndName) => inputsOf(resources, kindAndName);
}

test.serial('by default connections may come from anywhere, and the operator’s own Secret is used', async (t) => {
  const inputs = await record({});
  t.is(inputs('Middleware/public-sources'), undefined);
  t.is(inputs('Secret/public-certificate'), undefined);
  const { annotations } = (inputs('Ingress/public') as { metadata: { annotations: Record<string, string> } }).metadata;
  t.false(Object.keys(annotations).some((name) => /middlewares|cert-manager/.test(name)));
});

test.serial('the edge’s ranges come before the settings’, and its certificate before an issuer’s', async (t) => {
  const inputs = await record(
    {
      controller: 'haproxy',
      className: 'haproxy',
      allowedCidrs: ['198.51.100.0/24'],
      tls: { secretName: 'origin', issuer: 'letsencrypt' },
    },
    {
      allowedCidrs: pulumi.output(['203.0.113.0/24', '2001:db8::/32']),
      certificate: { certificate: 'the certificate', key: pulumi.secret('the key') },
    },
  );
  t.like(inputs('Ingress/public'), {
    metadata: { annotations: { 'haproxy.org/allow-list': '203.0.113.0/24,2001:db8::/32', 'cert-manager.io/cluster-issuer': undefined } },
    spec: { tls: [{ secretName: 'origin' }] },
  });
  t.like(inputs('Secret/public-certificate'), {
    metadata: { name: 'origin' },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': 'the certificate', 'tls.key': 'the key' },
  });
});

test.serial('with one certificate for all hosts the dashboard uses it too', async (t) => {
  const inputs = await record({ dashboard: { host: 'dashboard.example.com', service: 'dashboard', port: 80 } });
  t.like(inputs('Ingress/dashboard'), { spec: { tls: [{ secretName: 'authsome-tls' }] } });
});

test.serial('an operator’s annotation comes before the controller’s own', async (t) => {
  const inputs = await record({ controller: 'nginx', annotations: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'false' } });
  t.like(inputs('Ingress/public'), { metadata: { annotations: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'false' } } });
});

const limited = { namespace: 'authsome-system', allowedCidrs: ['198.51.100.0/24'], middleware: 'public-sources' };

for (const controller of ingressControllers.filter((name) => name !== 'other'))
  test(`${controller} is told from where connections may come`, (t) => {
    const open = controllerAnnotations({ ...limited, controller, allowedCidrs: undefined });
    t.is(Object.keys(controllerAnnotations({ ...limited, controller })).length, Object.keys(open).length + 1);
  });

test('a front door that should be narrow is never made wide, nor one for nobody', (t) => {
  t.throws(() => controllerAnnotations({ ...limited, controller: 'other' }), { message: /other can't say/ });
  t.throws(() => controllerAnnotations({ ...limited, controller: 'traefik', allowedCidrs: [] }), { message: /nobody/ });
});
