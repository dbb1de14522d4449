import * as pulumi from '@pulumi/pulumi';
import test from 'ava';
import { controllerAnnotations, ingressControllers } from '../../../platform/cluster/ingress-controllers.ts';
import { cloudflareRanges } from '../../../platform/edge/cloudflare-ranges.ts';
import { profiles } from '../../../platform/profiles.ts';
import type { IngressSettings } from '../../../platform/settings.ts';
import { inputsOf } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

async function record(changes: Partial<IngressSettings>, edge = false): Promise<(kindAndName: string) => unknown> {
  const resources: RecordedResource[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
      resources.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: name, state: inputs as object };
    },
    call: ({ inputs }) => inputs as object,
  });
  const { PublicIngress } = await import('../../../platform/cluster/public-ingress.ts');
  const { production } = profiles;
  const settings = edge ? production : { ...production, edge: undefined };
  const ingress = { ...settings.ingress, ...changes } as IngressSettings;
  new PublicIngress('public', { namespace: 'authsome-system', settings, ingress });
  await pulumi.runtime.disconnect();
  return (kindAndName) => inputsOf(resources, kindAndName);
}

function annotationsOf(ingress: unknown): Record<string, string> {
  return (ingress as { metadata: { annotations: Record<string, string> } }).metadata.annotations;
}

test.serial('without an edge connections may come from anywhere, and the operator’s own Secret is used', async (t) => {
  const inputs = await record({});
  for (const object of ['Middleware/public-sources', 'TLSOption/public-callers']) t.is(inputs(object), undefined);
  t.like(inputs('Ingress/public'), { spec: { tls: [{ secretName: 'authsome-tls' }] } });
  t.false(Object.keys(annotationsOf(inputs('Ingress/public'))).some((name) => /middlewares|tls\.options|cert-manager/.test(name)));
});

test.serial('behind the edge Traefik lets in its ranges alone, asks for its certificate and shows the one that it trusts', async (t) => {
  const inputs = await record({ tls: { secretName: 'mine', issuer: 'letsencrypt' }, dashboard: { service: 'dashboard', port: 80 } }, true);
  for (const name of ['public', 'dashboard']) {
    t.like(inputs(`Ingress/${name}`), { spec: { tls: [{ secretName: 'edge-origin-tls' }] } });
    t.like(annotationsOf(inputs(`Ingress/${name}`)), {
      'traefik.ingress.kubernetes.io/router.middlewares': 'authsome-system-public-sources@kubernetescrd',
      'traefik.ingress.kubernetes.io/router.tls.options': 'authsome-system-public-callers@kubernetescrd',
      'cert-manager.io/cluster-issuer': undefined,
    });
  }
  t.like(inputs('Middleware/public-sources'), {
    spec: { ipAllowList: { sourceRange: [...cloudflareRanges.ipv4, ...cloudflareRanges.ipv6] } },
  });
  t.like(inputs('TLSOption/public-callers'), {
    spec: { clientAuth: { secretNames: ['edge-origin-pull-ca'], clientAuthType: 'RequireAndVerifyClientCert' } },
  });
});

test.serial('behind the edge ingress-nginx does the same by annotations', async (t) => {
  const inputs = await record({ controller: 'nginx', className: 'nginx' }, true);
  t.like(annotationsOf(inputs('Ingress/public')), {
    'nginx.ingress.kubernetes.io/whitelist-source-range': [...cloudflareRanges.ipv4, ...cloudflareRanges.ipv6].join(','),
    'nginx.ingress.kubernetes.io/auth-tls-secret': 'authsome-system/edge-origin-pull-ca',
    'nginx.ingress.kubernetes.io/auth-tls-verify-client': 'on',
  });
  t.is(inputs('TLSOption/public-callers'), undefined);
});

test.serial('with one certificate for all hosts the dashboard uses it too', async (t) => {
  const inputs = await record({ dashboard: { service: 'dashboard', port: 80 } });
  t.like(inputs('Ingress/dashboard'), { spec: { tls: [{ secretName: 'authsome-tls' }], rules: [{ host: 'dashboard.authsome.cloud' }] } });
});

test.serial('an operator’s annotation comes before the controller’s own', async (t) => {
  const inputs = await record({ controller: 'nginx', annotations: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'false' } });
  t.like(inputs('Ingress/public'), { metadata: { annotations: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'false' } } });
});

const limited = {
  ...{ namespace: 'authsome-system', allowedCidrs: ['198.51.100.0/24'], callersCa: undefined },
  ...{ middleware: 'public-sources', tlsOption: 'public-callers' },
};

for (const controller of ingressControllers.filter((name) => name !== 'other'))
  test(`${controller} is told from where connections may come`, (t) => {
    const open = controllerAnnotations({ ...limited, controller, allowedCidrs: undefined });
    t.is(Object.keys(controllerAnnotations({ ...limited, controller })).length, Object.keys(open).length + 1);
  });

test('a front door that should be narrow is never made wide, nor one for nobody', (t) => {
  t.throws(() => controllerAnnotations({ ...limited, controller: 'other' }), { message: /other can't say/ });
  t.throws(() => controllerAnnotations({ ...limited, controller: 'traefik', allowedCidrs: [] }), { message: /nobody/ });
});
