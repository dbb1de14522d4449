import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { cryptoProvider, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import type { JsonGeneralNames } from '@peculiar/x509';
import type { CertRequestArgs, CertRequestState, types } from '@pulumi/tls';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { NoConfig, ResourceType } from '../shared/resource-provider.ts';
import { text, texts } from '../shared/wire-values.ts';
import type { Properties, PropertyValue } from '../shared/wire-values.ts';

const notHere = 'is not supported by the air-gapped plugin; the official plugin has it';

const subject = {
  commonName: { type: 'string' },
  country: { type: 'string' },
  emailAddress: { type: 'string' },
  locality: { type: 'string' },
  organization: { type: 'string' },
  organizationalUnit: { type: 'string' },
  postalCode: { type: 'string' },
  province: { type: 'string' },
  serialNumber: { type: 'string' },
  streetAddresses: { type: 'strings' },
} satisfies Record<keyof types.input.CertRequestSubject, PropertySchema>;

const inputs = {
  privateKeyPem: { type: 'string', required: true, secret: true, replaces: true },
  subject: { type: 'object', properties: subject, replaces: true },
  dnsNames: { type: 'strings', replaces: true },
  ipAddresses: { type: 'strings', replaces: true },
  uris: { type: 'strings', replaces: true },
  privateKeyPemWo: { type: 'string', secret: true, unsupported: notHere },
  privateKeyPemWoVersion: { type: 'integer', unsupported: notHere },
} satisfies Record<keyof CertRequestArgs, PropertySchema>;

const outputs = {
  certRequestPem: { type: 'string' },
  keyAlgorithm: { type: 'string' },
} satisfies Record<Exclude<keyof CertRequestState, keyof CertRequestArgs>, PropertySchema>;

/** `tls.CertRequest`: a certificate signing request (PKCS #10), signed once and kept in the state. */
export const certRequest: ResourceType<NoConfig> = {
  token: 'tls:index/certRequest:CertRequest',
  inputs,
  outputs,
  create: async (_config, properties) => {
    const key = createPrivateKey(text(properties['privateKeyPem']));
    const certRequestPem = await signRequest(key, properties);
    const id = createHash('sha1').update(certRequestPem).digest('hex');
    return { id, state: { ...properties, certRequestPem, keyAlgorithm: algorithmOf(key).name } };
  },
  read: (_config, _id, state) => Promise.resolve(state['certRequestPem'] === undefined ? undefined : state),
  delete: () => Promise.resolve(),
};

async function signRequest(key: KeyObject, properties: Properties): Promise<string> {
  cryptoProvider.set(webcrypto);
  const { algorithm } = algorithmOf(key);
  const names: JsonGeneralNames = [
    ...texts(properties['dnsNames']).map((value) => ({ type: 'dns' as const, value })),
    ...texts(properties['ipAddresses']).map((value) => ({ type: 'ip' as const, value })),
    ...texts(properties['uris']).map((value) => ({ type: 'url' as const, value })),
  ];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: nameOf(properties['subject']),
    keys: {
      privateKey: await webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), algorithm, true, [
        'verify',
      ]),
    },
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  });
  return `${request.toString('pem')}\n`;
}

interface KeyAlgorithm {
  /** The official plugin's. */
  name: 'RSA' | 'ECDSA' | 'ED25519';
  algorithm: { name: string; namedCurve?: string; hash?: string };
}

const curves: Record<string, { namedCurve: string; hash: string }> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithmOf(key: KeyObject): KeyAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSA', algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } };
  if (key.asymmetricKeyType === 'ed25519') return { name: 'ED25519', algorithm: { name: 'Ed25519' } };
  const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new Error('the air-gapped tls plugin signs requests with RSA, P256, P384, P521 and ED25519 keys');
  return { name: 'ECDSA', algorithm: { name: 'ECDSA', ...curve } };
}

/** Each attribute by its name in RFC 4519; those without one by their object identifier. */
const attributes: Record<keyof typeof subject, string> = {
  country: 'C',
  province: 'ST',
  locality: 'L',
  postalCode: '2.5.4.17',
  streetAddresses: '2.5.4.9',
  organization: 'O',
  organizationalUnit: 'OU',
  commonName: 'CN',
  serialNumber: '2.5.4.5',
  emailAddress: 'E',
};

function nameOf(value: PropertyValue | undefined): Record<string, string[]>[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(attributes).flatMap(([property, attribute]) => {
    const given = value[property];
    const values = typeof given === 'string' ? [given] : texts(given);
    return values.length === 0 ? [] : [{ [attribute]: values }];
  });
}
