import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const commandTimeoutMs = 60_000;

export interface ApiServer {
  /** Calls kubectl as the cluster's administrator; rejects with what it said where it fails. */
  kubectl(...args: string[]): Promise<{ stdout: string; stderr: string }>;
  /** File with the address and the administrator's credentials, for programs that are given one. */
  kubeconfig: string;
  stop(): Promise<void>;
}

/**
 * A Kubernetes API server with a store of its own, and nothing that carries out what it is told: it says which objects it would take. The
 * programs are in KUBERNETES_BIN_DIR or on PATH, `etcd` on PATH.
 */
export async function startApiServer(directory: string): Promise<ApiServer> {
  const etcd = await startEtcd(directory);
  const port = await freePort();
  const certificates = path.join(directory, 'certificates');
  const serviceAccountKey = path.join(directory, 'service-account.key');
  const tokens = path.join(directory, 'tokens.csv');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(tokens, 'administrator,administrator,1,"system:masters"\n', { mode: 0o600 });
  const kubectl = async (...args: string[]) =>
    run(
      program('kubectl'),
      [
        '--kubeconfig=/dev/null',
        `--server=https://127.0.0.1:${port}`,
        `--certificate-authority=${path.join(certificates, 'apiserver.crt')}`,
        '--token=administrator',
        ...args,
      ],
      { timeout: commandTimeoutMs, maxBuffer: 64 * 1_024 * 1_024, env: { ...process.env, HOME: directory } },
    );
  const server = await startChildServer({
    command: program('kube-apiserver'),
    args: [
      `--etcd-servers=${etcd.url}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${certificates}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      `--service-account-key-file=${serviceAccountKey}`,
      `--service-account-signing-key-file=${serviceAccountKey}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/16',
      // It is alone, and on loopback, which may not be anybody's endpoint.
      '--endpoint-reconciler-type=none',
      '--shutdown-send-retry-after=false',
    ],
    probe: async () => void (await kubectl('get', '--raw', '/readyz')),
  });
  return {
    kubectl,
    kubeconfig: writeKubeconfig(directory, { port, authority: path.join(certificates, 'apiserver.crt') }),
    stop: async () => {
      await server.stop();
      await etcd.stop();
    },
  };
}

function writeKubeconfig(directory: string, { port, authority }: { port: number; authority: string }): string {
  const file = path.join(directory, 'kubeconfig');
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': authority } }],
    users: [{ name: 'test', user: { token: 'administrator' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

async function startEtcd(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const data = path.join(directory, 'etcd');
  mkdirSync(data, { mode: 0o700 });
  const server = await startChildServer({
    command: 'etcd',
    args: [
      `--data-dir=${data}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
    ],
    probe: async () => {
      const response = await fetch(`${client}/health`, { signal: AbortSignal.timeout(1_000) });
      if (!response.ok) throw new Error(`etcd answered ${response.status}`);
    },
  });
  return { url: client, stop: () => server.stop() };
}

function program(name: string): string {
  const folder = process.env.KUBERNETES_BIN_DIR;
  return folder === undefined ? name : path.join(folder, name);
}
