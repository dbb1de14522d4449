import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeCertificates } from '../../../toolchain/cluster/certificates.ts';
import { clusterPaths } from '../../../toolchain/cluster/settings.ts';

test('certificates are signed by the cluster authority, name their hosts, and are renewed while the authority stays', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'certificates-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const paths = clusterPaths({ clusterDir: dir, volumesDir: join(dir, 'volumes') });
  const read = async (name: string): Promise<X509Certificate> => new X509Certificate(await readFile(join(paths.pki, `${name}.crt`)));
  await writeCertificates(paths);
  const [authority, server] = [await read('ca'), await read('apiserver')];
  t.true(server.verify(authority.publicKey));
  t.is(server.checkIP('10.77.0.1'), '10.77.0.1');
  t.is(server.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
  t.regex((await read('kubelet')).subject, /O=system:nodes/);
  t.false((await read('etcd-client')).verify(authority.publicKey));
  t.is((await stat(join(paths.pki, 'ca.key'))).mode & 0o077, 0);
  t.is((await stat(paths.adminKubeconfig)).mode & 0o077, 0);
  await writeCertificates(paths);
  t.is((await read('ca')).fingerprint256, authority.fingerprint256);
  t.not((await read('apiserver')).fingerprint256, server.fingerprint256);
});
