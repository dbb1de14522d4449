import { createHash, createPublicKey, generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { PrivateKeyArgs, PrivateKeyState } from '@pulumi/tls';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { NoConfig, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';
import { opensshPrivateKey, opensshPublicBlob, opensshType } from './openssh-encoding.ts';

const generate = promisify(generateKeyPair);

const inputs = {
  algorithm: { type: 'string', required: true, replaces: true, values: ['RSA', 'ECDSA', 'ED25519'] },
  ecdsaCurve: { type: 'string', default: 'P224', replaces: true, values: ['P224', 'P256', 'P384', 'P521'] },
  rsaBits: { type: 'integer', default: 2_048, min: 1_024, max: 16_384, replaces: true },
} satisfies Record<keyof PrivateKeyArgs, PropertySchema>;

const outputs = {
  privateKeyPem: { type: 'string', secret: true },
  privateKeyPemPkcs8: { type: 'string', secret: true },
  privateKeyOpenssh: { type: 'string', secret: true },
  publicKeyPem: { type: 'string' },
  publicKeyOpenssh: { type: 'string' },
  publicKeyFingerprintMd5: { type: 'string' },
  publicKeyFingerprintSha256: { type: 'string' },
} satisfies Record<Exclude<keyof PrivateKeyState, keyof PrivateKeyArgs>, PropertySchema>;

/** `tls.PrivateKey`: a key made once and kept in the state as a secret. There is no object outside the state. */
export const privateKey: ResourceType<NoConfig> = {
  token: 'tls:index/privateKey:PrivateKey',
  inputs,
  outputs,
  create: async (_config, properties) => {
    const state = { ...properties, ...describeKey(await generateKey(properties)) };
    return { id: createHash('sha1').update(state.publicKeyPem).digest('hex'), state };
  },
  read: (_config, _id, state) => Promise.resolve(state['privateKeyPem'] === undefined ? undefined : state),
  delete: () => Promise.resolve(),
};

const curves: Record<string, string> = { P224: 'secp224r1', P256: 'prime256v1', P384: 'secp384r1', P521: 'secp521r1' };

async function generateKey({ algorithm, ecdsaCurve, rsaBits }: Properties): Promise<KeyObject> {
  if (algorithm === 'RSA') return (await generate('rsa', { modulusLength: Number(rsaBits) })).privateKey;
  if (algorithm === 'ED25519') return (await generate('ed25519')).privateKey;
  return (await generate('ec', { namedCurve: curves[text(ecdsaCurve)] ?? '' })).privateKey;
}

function describeKey(key: KeyObject): State & { publicKeyPem: string } {
  const pem = { rsa: 'pkcs1', ec: 'sec1', ed25519: 'pkcs8' } as const;
  const kind = key.asymmetricKeyType as keyof typeof pem;
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  return {
    privateKeyPem: key.export({ type: pem[kind], format: 'pem' }) as string,
    privateKeyPemPkcs8: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKeyPem,
    ...describeForSsh(key),
  };
}

/** OpenSSH has no P224: the official plugin leaves these empty then. */
function describeForSsh(key: KeyObject): State {
  const type = opensshType(key);
  if (type === undefined)
    return { privateKeyOpenssh: '', publicKeyOpenssh: '', publicKeyFingerprintMd5: '', publicKeyFingerprintSha256: '' };
  const blob = opensshPublicBlob(key);
  const md5 = createHash('md5').update(blob).digest('hex');
  return {
    privateKeyOpenssh: opensshPrivateKey(key),
    publicKeyOpenssh: `${type} ${blob.toString('base64')}\n`,
    publicKeyFingerprintMd5: md5.match(/../g)?.join(':'),
    publicKeyFingerprintSha256: `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`,
  };
}
