// @peculiar/x509's dependency injection reads metadata through this polyfill, and must find it loaded.
import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { writeAtomically } from '../write-atomically.ts';
import { clusterSettings as settings } from './settings.ts';
import type { ClusterPaths } from './settings.ts';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 3_600_000;

interface Authority {
  certificate: x509.X509Certificate;
  key: webcrypto.CryptoKey;
}

interface LeafRequest {
  commonName: string;
  organization?: string;
  /** Addresses and names a server answers to; a client has none. */
  hosts?: readonly string[];
}

/** Who speaks to whom: file name → subject. Users and groups are what RBAC and the node authorizer know. */
const kubernetesLeaves: Record<string, LeafRequest> = {
  apiserver: {
    commonName: 'kube-apiserver',
    hosts: [
      settings.nodeIp,
      settings.kubernetesServiceIp,
      '127.0.0.1',
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${settings.clusterDomain}`,
    ],
  },
  'apiserver-kubelet-client': { commonName: 'kube-apiserver-kubelet-client' },
  'kubelet-server': { commonName: settings.nodeName, hosts: [settings.nodeIp, settings.nodeName] },
  kubelet: { commonName: `system:node:${settings.nodeName}`, organization: 'system:nodes' },
  'controller-manager': { commonName: 'system:kube-controller-manager', hosts: ['127.0.0.1', 'localhost'] },
  scheduler: { commonName: 'system:kube-scheduler', hosts: ['127.0.0.1', 'localhost'] },
  'kube-proxy': { commonName: 'system:kube-proxy' },
  'kube-router': { commonName: 'authsome:kube-router' },
  coredns: { commonName: 'authsome:coredns' },
  'volume-provisioner': { commonName: 'authsome:volume-provisioner' },
  admin: { commonName: 'authsome:admin', organization: 'system:masters' },
};

const etcdLeaves: Record<string, LeafRequest> = {
  'etcd-server': { commonName: 'etcd', hosts: ['127.0.0.1', 'localhost'] },
  'etcd-client': { commonName: 'kube-apiserver' },
};

/** Clients that get a kubeconfig in `kubeconfigs/`. */
const kubeconfigUsers = ['kubelet', 'controller-manager', 'scheduler', 'kube-proxy', 'kube-router', 'coredns', 'volume-provisioner'];

/**
 * Writes the cluster's keys, certificates and kubeconfigs. The two authorities (one of the cluster, one of etcd) and the service account
 * key live as long as the data; the certificates under them are made anew at every start, valid for a year.
 */
export async function writeCertificates(paths: ClusterPaths): Promise<void> {
  await mkdir(paths.pki, { recursive: true, mode: 0o700 });
  await mkdir(paths.kubeconfigs, { recursive: true, mode: 0o700 });
  const cluster = await authority(paths.pki, 'ca', 'authsome-local-cluster');
  const etcd = await authority(paths.pki, 'etcd-ca', 'authsome-local-etcd');
  await serviceAccountKey(join(paths.pki, 'service-account.key'));
  for (const [name, request] of Object.entries(kubernetesLeaves)) await writeLeaf(paths.pki, name, cluster, request);
  for (const [name, request] of Object.entries(etcdLeaves)) await writeLeaf(paths.pki, name, etcd, request);
  for (const user of kubeconfigUsers) await writeKubeconfig(paths.pki, user, join(paths.kubeconfigs, `${user}.kubeconfig`));
  await writeKubeconfig(paths.pki, 'admin', paths.adminKubeconfig);
}

async function authority(pki: string, name: string, commonName: string): Promise<Authority> {
  const [keyFile, certificateFile] = [join(pki, `${name}.key`), join(pki, `${name}.crt`)];
  const stored = await Promise.all([readFile(keyFile, 'utf8'), readFile(certificateFile, 'utf8')]).catch(() => undefined);
  if (stored !== undefined) {
    const der = createPrivateKey(stored[0]).export({ type: 'pkcs8', format: 'der' });
    return {
      key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
      certificate: new x509.X509Certificate(stored[1]),
    };
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    ...validity(3_650),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  await writeSecret(keyFile, await privateKeyPem(keys.privateKey));
  await writeAtomically(certificateFile, certificate.toString('pem'), { mode: 0o644 });
  return { key: keys.privateKey, certificate };
}

async function writeLeaf(pki: string, name: string, issuer: Authority, request: LeafRequest): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const hosts = request.hosts ?? [];
  const subject = [...(request.organization === undefined ? [] : [{ O: [request.organization] }]), { CN: [request.commonName] }];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name(subject).toString(),
    issuer: issuer.certificate.subject,
    ...validity(365),
    signingKey: issuer.key,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.clientAuth,
        ...(hosts.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
      ]),
      ...(hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))] : []),
    ],
  });
  await writeSecret(join(pki, `${name}.key`), await privateKeyPem(keys.privateKey));
  await writeAtomically(join(pki, `${name}.crt`), certificate.toString('pem'), { mode: 0o644 });
}

async function writeKubeconfig(pki: string, user: string, file: string): Promise<void> {
  const base64 = async (name: string): Promise<string> => (await readFile(join(pki, name))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'authsome-local',
        cluster: { server: `https://${settings.nodeIp}:${settings.apiPort}`, 'certificate-authority-data': await base64('ca.crt') },
      },
    ],
    users: [
      { name: user, user: { 'client-certificate-data': await base64(`${user}.crt`), 'client-key-data': await base64(`${user}.key`) } },
    ],
    contexts: [{ name: 'authsome-local', context: { cluster: 'authsome-local', user } }],
    'current-context': 'authsome-local',
  };
  await writeSecret(file, JSON.stringify(config, undefined, 2));
}

async function serviceAccountKey(file: string): Promise<void> {
  if ((await readFile(file).catch(() => undefined)) !== undefined) return;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeSecret(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

function alternativeName(host: string): x509.JsonGeneralName {
  return { type: /^[\d.]+$/.test(host) ? 'ip' : 'dns', value: host };
}

/** An hour back, for clocks that were set after a restore. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + days * day) };
}

/** Sixteen random bytes, positive. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function writeSecret(file: string, content: string): Promise<void> {
  await writeAtomically(file, content);
}
