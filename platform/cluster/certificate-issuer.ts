import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { PlatformSettings } from '../settings.ts';

export interface CertificateIssuerArgs {
  namespace: pulumi.Input<string>;
  issuer: NonNullable<PlatformSettings['certificateIssuer']>;
  /** Class of the Ingress that leads to the answers of HTTP-01. */
  ingressClass: string | undefined;
}

/** Where cert-manager's answers to HTTP-01 listen, in pods that it starts beside the Ingress. */
const solverPort = 8_089;

/** From whom certificates come, for cert-manager to ask. */
export class CertificateIssuer extends pulumi.ComponentResource {
  constructor(name: string, { namespace, issuer, ingressClass }: CertificateIssuerArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:CertificateIssuer', name, {}, options);
    const child = { parent: this };
    new kubernetes.apiextensions.CustomResource(
      name,
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'ClusterIssuer',
        metadata: { name: issuer.name, labels: { 'app.kubernetes.io/part-of': 'authsome' } },
        spec: {
          acme: {
            email: issuer.email,
            server: issuer.server,
            // Made by cert-manager, in its own namespace.
            privateKeySecretRef: { name: `${issuer.name}-account` },
            solvers: [issuer.dns01 === undefined ? { http01: { ingress: { ingressClassName: ingressClass } } } : { dns01: issuer.dns01 }],
          },
        },
      },
      child,
    );
    if (issuer.http01)
      new kubernetes.networking.v1.NetworkPolicy(
        `${name}-answers`,
        {
          metadata: { name: 'certificate-answers', namespace },
          spec: {
            podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } },
            policyTypes: ['Ingress'],
            ingress: [{ ports: [{ port: solverPort, protocol: 'TCP' }] }],
          },
        },
        child,
      );
    this.registerOutputs();
  }
}
