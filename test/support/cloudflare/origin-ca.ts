import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export interface OriginCa {
  /** @returns undefined where the request is not what it says: not signed by its key, or of another kind of key */
  issue(request: {
    csr: string;
    hostnames: readonly string[];
    request_type: string;
    validityDays: number;
  }): Promise<IssuedCertificate | undefined>;
}

export interface IssuedCertificate {
  id: string;
  certificate: string;
  /** As Cloudflare writes it: 2041-11-27 00:00:00 +0000 UTC. */
  expires_on: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Issues certificates as Cloudflare's Origin CA does: for the names of the call, whatever names are in the request. */
export async function createOriginCa(): Promise<OriginCa> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return {
    async issue({ csr, hostnames, request_type, validityDays }) {
      const request = new x509.Pkcs10CertificateRequest(csr);
      const isEcc = createPublicKey(request.publicKey.toString('pem')).asymmetricKeyType === 'ec';
      if (!(await request.verify()) || isEcc !== (request_type === 'origin-ecc')) return undefined;
      const serialNumber = `5${randomBytes(19).toString('hex')}`;
      const notAfter = new Date(Date.now() + validityDays * 86_400_000);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber,
        subject: 'O=CloudFlare\\, Inc., OU=CloudFlare Origin CA, CN=CloudFlare Origin Certificate',
        issuer: 'O=CloudFlare\\, Inc., OU=CloudFlare Origin SSL Certificate Authority',
        notBefore: new Date(),
        notAfter,
        publicKey: request.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [new x509.SubjectAlternativeNameExtension(hostnames.map((value) => ({ type: 'dns', value })))],
      });
      return {
        id: BigInt(`0x${serialNumber}`).toString(),
        certificate: `${certificate.toString('pem')}\n`,
        expires_on: `${notAfter.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
      };
    },
  };
}
