import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import { labels, skipAwait } from '../hardening.ts';
import type { IngressSettings, PlatformSettings } from '../settings.ts';
import { controllerAnnotations, limitsByMiddleware } from './ingress-controllers.ts';

export interface PublicIngressArgs {
  namespace: pulumi.Input<string>;
  settings: PlatformSettings;
  ingress: IngressSettings;
  /** From where connections may come, as the edge in front knows it; absent: as the settings say, or from anywhere. */
  allowedCidrs?: pulumi.Input<string[]> | undefined;
  /** The edge's origin certificate; absent: cert-manager writes the Secret that the settings name, or the operator does. */
  certificate?: { certificate: pulumi.Input<string>; key: pulumi.Input<string> } | undefined;
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
    const { secretName } = ingress.tls;
    if (args.certificate !== undefined)
      new kubernetes.core.v1.Secret(
        `${name}-certificate`,
        {
          metadata: { name: secretName, namespace, labels: labels(name) },
          type: 'kubernetes.io/tls',
          stringData: { 'tls.crt': args.certificate.certificate, 'tls.key': pulumi.secret(args.certificate.key) },
        },
        child,
      );
    const allowedCidrs = args.allowedCidrs ?? ingress.allowedCidrs;
    const middleware = `${name}-sources`;
    if (allowedCidrs !== undefined && limitsByMiddleware(ingress.controller))
      new kubernetes.apiextensions.CustomResource(
        middleware,
        {
          apiVersion: 'traefik.io/v1alpha1',
          kind: 'Middleware',
          metadata: { name: middleware, namespace, labels: labels(name) },
          spec: { ipAllowList: { sourceRange: allowedCidrs } },
        },
        child,
      );

    const issuer = args.certificate === undefined ? (ingress.tls.issuer ?? settings.certificateIssuer?.name) : undefined;
    const annotations = pulumi.output([namespace, allowedCidrs] as const).apply(([inside, cidrs]) => ({
      ...skipAwait,
      ...controllerAnnotations({ controller: ingress.controller, namespace: inside, allowedCidrs: cidrs, middleware }),
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

    const [control, customer] = [settings.urls.control, settings.urls.customer].map((url) => new URL(url).hostname) as [string, string];
    open(name, [
      { host: control, path: '/control/v1', service: 'control-api', port: 80 },
      { host: customer, path: '/v1', service: 'proxy', port: 80 },
    ]);
    const { dashboard } = ingress;
    if (dashboard !== undefined)
      // Apart, so that the exception is the dashboard's alone.
      open('dashboard', [{ ...dashboard, path: '/' }], {
        'authsome.cloud/except-operator-paths': 'the dashboard serves pages at every path, and no metrics at this port',
      });
    this.registerOutputs();
  }
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
