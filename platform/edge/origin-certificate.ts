import * as cloudflare from '@pulumi/cloudflare';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { labels } from '../hardening.ts';
import { originPullCa } from './origin-pull-ca.ts';
import { originPullCaSecret, originTlsSecret } from './origin-access.ts';

export interface OriginCertificateArgs {
  namespace: pulumi.Input<string>;
  hosts: readonly string[];
}

/** 15 years, Cloudflare's default. Nothing renews such a certificate, and only Cloudflare's edge trusts it; how to replace it: docs/edge.md. */
const validityDays = 5_475;

/**
 * The certificate by which Cloudflare knows the origin. Its key is made once by Pulumi, as the platform's passwords are, and kept encrypted
 * in the stack's state: a key made by the program would be another one at each run, and one from the configuration somebody's task.
 */
export class OriginCertificate extends pulumi.ComponentResource {
  readonly secret: kubernetes.core.v1.Secret;

  constructor(name: string, { namespace, hosts }: OriginCertificateArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:OriginCertificate', name, {}, options);
    const child = { parent: this };
    const key = new tls.PrivateKey(name, { algorithm: 'ECDSA', ecdsaCurve: 'P256' }, child);
    const request = new tls.CertRequest(
      name,
      { privateKeyPem: key.privateKeyPem, subject: { commonName: 'AuthSome origin' }, dnsNames: [...hosts] },
      child,
    );
    const certificate = new cloudflare.OriginCaCertificate(
      name,
      { csr: request.certRequestPem, hostnames: [...hosts], requestType: 'origin-ecc', requestedValidity: validityDays },
      child,
    );
    this.secret = new kubernetes.core.v1.Secret(
      originTlsSecret,
      {
        metadata: { name: originTlsSecret, namespace, labels: labels('edge', originTlsSecret) },
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': certificate.certificate, 'tls.key': key.privateKeyPem },
      },
      child,
    );
    // Public, but ingress controllers read it from a Secret.
    new kubernetes.core.v1.Secret(
      originPullCaSecret,
      {
        metadata: { name: originPullCaSecret, namespace, labels: labels('edge', originPullCaSecret) },
        stringData: { 'ca.crt': originPullCa },
      },
      child,
    );
    this.registerOutputs();
  }
}
