// @peculiar/x509 must find it loaded.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import test from 'ava';
import { certRequest } from '../../../toolchain/plugins/tls/cert-request.ts';
import { privateKey } from '../../../toolchain/plugins/tls/private-key.ts';
import type { Properties } from '../../../toolchain/plugins/shared/wire-values.ts';
import { withDefaults } from '../../../toolchain/plugins/shared/property-schema.ts';

const spki = { type: 'spki', format: 'pem' } as const;
const context = { signal: new AbortController().signal, timeoutMs: 1_000 };

async function makeKey(inputs: Properties): Promise<Record<string, string>> {
  const { state } = await privateKey.create({}, withDefaults(privateKey.inputs, inputs), context);
  return state as Record<string, string>;
}

const makesKey = test.macro({
  exec: async (t, inputs: Properties, pemType: string, sshType: string | undefined) => {
    const key = await makeKey(inputs);
    t.true(key['privateKeyPem']?.startsWith(`-----BEGIN ${pemType}-----`));
    const parts = [key['privateKeyPem'], key['privateKeyPemPkcs8']].map((pem) => createPublicKey(createPrivateKey(pem ?? '')).export(spki));
    for (const part of parts) t.is(part, key['publicKeyPem'] ?? '');
    t.regex(key['publicKeyOpenssh'] ?? 'none', sshType === undefined ? /^$/ : new RegExp(`^${sshType} AAAA`));
  },
  title: (_title, inputs) => `a key of ${JSON.stringify(inputs)} in PEM, PKCS #8 and OpenSSH form is one and the same`,
});

test(makesKey, { algorithm: 'ECDSA', ecdsaCurve: 'P256' }, 'EC PRIVATE KEY', 'ecdsa-sha2-nistp256');
test(makesKey, { algorithm: 'ECDSA', ecdsaCurve: 'P384' }, 'EC PRIVATE KEY', 'ecdsa-sha2-nistp384');
test(makesKey, { algorithm: 'ECDSA' }, 'EC PRIVATE KEY', undefined);
test(makesKey, { algorithm: 'RSA', rsaBits: 2_048 }, 'RSA PRIVATE KEY', 'ssh-rsa');
test(makesKey, { algorithm: 'ED25519' }, 'PRIVATE KEY', 'ssh-ed25519');

test('every form of the private key is a secret, and no form of the public one', (t) => {
  const secrets = Object.entries(privateKey.outputs).filter(([, { secret }]) => secret === true);
  t.deepEqual(
    secrets.map(([name]) => name),
    ['privateKeyPem', 'privateKeyPemPkcs8', 'privateKeyOpenssh'],
  );
  t.true(certRequest.inputs['privateKeyPem']?.secret);
});

const signingKeys: (Properties & { algorithm: string })[] = [
  { algorithm: 'ECDSA', ecdsaCurve: 'P256' },
  { algorithm: 'RSA', rsaBits: 2_048 },
  { algorithm: 'ED25519' },
];

for (const inputs of signingKeys)
  test(`a request with a key of ${inputs.algorithm} is signed by it, for the names that were asked for`, async (t) => {
    const key = await makeKey(inputs);
    const { state } = await certRequest.create(
      {},
      {
        privateKeyPem: key['privateKeyPem'] ?? '',
        subject: { commonName: 'AuthSome origin', organization: 'Example, Inc.' },
        dnsNames: ['api.example.com', 'dashboard.example.com'],
      },
      context,
    );
    const request = new Pkcs10CertificateRequest(state['certRequestPem']);
    t.true(await request.verify());
    t.is(request.subject, 'O=Example\\, Inc., CN=AuthSome origin');
    const extension = request.getExtension('2.5.29.17');
    const names = new SubjectAlternativeNameExtension(extension?.rawData ?? Buffer.alloc(0)).names.items.map(({ value }) => value);
    t.deepEqual(names, ['api.example.com', 'dashboard.example.com']);
    t.is(state['keyAlgorithm'], inputs.algorithm);
    const spki = createPublicKey(key['publicKeyPem'] ?? '').export({ type: 'spki', format: 'der' });
    t.deepEqual(Buffer.from(request.publicKey.rawData), spki);
  });

test('a curve that requests are not signed with here is refused', async (t) => {
  const key = await makeKey({ algorithm: 'ECDSA' });
  await t.throwsAsync(certRequest.create({}, { privateKeyPem: key['privateKeyPem'] ?? '' }, context), { message: /P256/ });
});
