import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import { labels, skipAwait } from '../hardening.ts';
import type { IngressSettings, PlatformSettings } from '../settings.ts';
import { originAccess } from '../edge/origin-access.ts';
import { asksByTlsOption, controllerAnnotations, limitsByMiddleware } from './ingress-controllers.ts';

export interface PublicIngressArgs {
  namespace: pulumi.Input<string>;
  settings: PlatformSettings;
  ingress: IngressSettings;
}

/**
 * The platform's front door: customers' and owners' paths, and no others. The operator's API has no way in from outside; it is reached
 * through the cluster's API server (kubectl port-forward).
 */
export class PublicIngress extends pulumi.ComponentResource {
  constructor(name: string, args: PublicIngressArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:PublicIngress', name, {}, options);
    const { namespace, settings, ingress } = args;
    const child = { parent: this };
    const edge = originAccess(settings);
    const secretName = edge?.tlsSecret ?? ingress.tls.secretName;
    const allowedCidrs = edge?.sourceRanges ?? ingress.allowedCidrs;
    const [middleware, tlsOption] = [`${name}-sources`, `${name}-callers`];
    const ofTraefik = (kind: string, object: string, spec: object): void => {
      const metadata = { name: object, namespace, labels: labels(name) };
      new kubernetes.apiextensions.CustomResource(object, { apiVersion: 'traefik.io/v1alpha1', kind, metadata, spec }, child);
    };
    if (allowedCidrs !== undefined && limitsByMiddleware(ingress.controller))
      ofTraefik('Middleware', middleware, { ipAllowList: { sourceRange: allowedCidrs } });
    if (edge !== undefined && asksByTlsOption(ingress.controller))
      ofTraefik('TLSOption', tlsOption, {
        minVersion: 'VersionTLS12',
        clientAuth: { secretNames: [edge.callersCaSecret], clientAuthType: 'RequireAndVerifyClientCert' },
      });

    const issuer = edge === undefined ? (ingress.tls.issuer ?? settings.certificateIssuer?.name) : undefined;
    const told = { controller: ingress.controller, allowedCidrs, callersCa: edge?.callersCaSecret, middleware, tlsOption };
    const annotations = pulumi.output(namespace).apply((inside) => ({
      ...skipAwait,
      ...controllerAnnotations({ ...told, namespace: inside }),
      ...(issuer !== undefined && { 'cert-manager.io/cluster-issuer': issuer }),
      ...ingress.annotations,
    }));
    // Of one Secret cert-manager makes one certificate: two with other names would be exchanged for one another, over and over.
    const secretOf = (part: string): string => (issuer === undefined || part === name ? secretName : `${secretName}-${part}`);
    const open = (part: string, rules: Rule[], more: Record<string, string> = {}): void => {
      new kubernetes.networking.v1.Ingress(
        part,
        {
          metadata: { name: part, namespace, labels: labels(name), annotations: annotations.apply((some) => ({ ...some, ...more })) },
          spec: {
            ingressClassName: ingress.className,
            tls: [{ secretName: secretOf(part), hosts: [...new Set(rules.map(({ host }) => host))] }],
            rules: rules.map(toIngressRule),
          },
        },
        child,
      );
    };

    const { control, customer, dashboard } = settings.urls;
    open(name, [
      { host: hostOf(control), path: '/control/v1', service: 'control-api', port: 80 },
      { host: hostOf(customer), path: '/v1', service: 'proxy', port: 80 },
    ]);
    if (ingress.dashboard !== undefined && dashboard !== undefined)
      // Apart, so that the exception is the dashboard's alone.
      open('dashboard', [{ ...ingress.dashboard, host: hostOf(dashboard), path: '/' }], {
        'authsome.cloud/except-operator-paths': 'the dashboard serves pages at every path, and no metrics at this port',
      });
    this.registerOutputs();
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname;
}

interface Rule {
  host: string;
  path: string;
  service: string;
  port: number;
}

function toIngressRule({ host, path, service, port }: Rule): input.networking.v1.IngressRule {
  return { host, http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name: service, port: { number: port } } } }] } };
}
