import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';

export interface ClusterIdentity {
  /** Of the namespace kube-system: made with the cluster, and never again (what OpenTelemetry's k8s.cluster.uid is, too). */
  uid: string;
  /** Address of its API server, for people. */
  server: string;
}

/** The cluster can't be asked: nothing was changed. */
export class ClusterUnreachableError extends Error {
  override name = 'ClusterUnreachableError';
  readonly code = 'cluster_unreachable';
}

/** The state belongs to another cluster than the one that the kubeconfig points at: nothing was changed. */
export class WrongClusterError extends Error {
  override name = 'WrongClusterError';
  readonly code = 'wrong_cluster';
}

export interface ClusterAccess {
  kubectl: string;
  kubeconfig: string;
}

/** A cluster that lives answers in milliseconds. */
const requestTimeoutSeconds = 5;
const commandTimeoutMs = 8_000;

/** Asks a cluster who it is. @throws ClusterUnreachableError within 8 s, with the reason in a sentence */
export async function readClusterIdentity({ kubectl, kubeconfig }: ClusterAccess): Promise<ClusterIdentity> {
  const run = (args: readonly string[]): Promise<string> =>
    runCommand(kubectl, ['--kubeconfig', kubeconfig, ...args], { timeout: commandTimeoutMs });
  const server = await run(['config', 'view', '--minify', '--output', 'jsonpath={.clusters[0].cluster.server}']).catch(() => '');
  // `get --raw` asks one question; `get namespace` would first ask five times which kinds there are.
  const answer = await run(['get', '--raw', '/api/v1/namespaces/kube-system', `--request-timeout=${requestTimeoutSeconds}s`]).catch(
    (error: unknown) => {
      throw new ClusterUnreachableError(`${describeCluster(server, kubeconfig)} can't be used: ${reasonOf(error)}. Nothing was changed.`, {
        cause: error,
      });
    },
  );
  const uid = (JSON.parse(answer) as { metadata?: { uid?: unknown } }).metadata?.uid;
  if (typeof uid !== 'string') throw new ClusterUnreachableError(`${describeCluster(server, kubeconfig)} is no Kubernetes cluster`);
  return { uid, server };
}

/**
 * Refuses work on another cluster than the one that the state belongs to.
 *
 * @param remembered undefined where the state belongs to none yet
 * @throws WrongClusterError naming both
 */
export function refuseOtherCluster(
  { stack, kubeconfig }: Pick<CliContext, 'stack' | 'kubeconfig'>,
  remembered: ClusterIdentity | undefined,
  present: ClusterIdentity,
): void {
  if (remembered === undefined || remembered.uid === present.uid) return;
  throw new WrongClusterError(
    `The platform's stack "${stack}" belongs to the cluster ${describeIdentity(remembered)}, but ${kubeconfig} points at ${describeIdentity(present)}. Nothing was changed.\n` +
      `Point KUBECONFIG at its own cluster, or choose another stack with --profile. If the former cluster is gone for good: ./authsome up --new-cluster`,
  );
}

function describeIdentity({ uid, server }: ClusterIdentity): string {
  return server === '' ? uid : `${uid} (${server})`;
}

function describeCluster(server: string, kubeconfig: string): string {
  return server === '' ? `The cluster that ${kubeconfig} names` : `The cluster at ${server} (${kubeconfig})`;
}

/** What client-go says, in its order of how much it says; it repeats itself, with times and file names. */
const reasons: readonly [RegExp, string][] = [
  [/connection refused|was refused/i, 'its API server refuses connections: is it running?'],
  [/no such host/i, 'the name of its API server is not known'],
  [/no route to host|network is unreachable/i, 'there is no route to its API server'],
  [/i\/o timeout|deadline exceeded|TLS handshake timeout|request canceled|did not finish in/i, 'its API server does not answer'],
  [/x509|certificate/i, 'the certificates do not belong together'],
  [/unauthorized|must be logged in|provide credentials/i, 'it does not accept these credentials'],
  [/forbidden/i, 'these credentials may not read the namespace kube-system'],
  [/no such file|not found on|stat .*: no/i, 'there is no such kubeconfig file'],
  [/no configuration has been provided|current-context|invalid configuration|error loading config/i, 'the kubeconfig names no cluster'],
  [/ENOENT/, 'kubectl is not installed'],
];

function reasonOf(error: unknown): string {
  const text = error instanceof CommandError ? error.message : String(error);
  const known = reasons.find(([pattern]) => pattern.test(text))?.[1];
  return known ?? (text.trim().split('\n').at(-1) ?? '').slice(0, 300);
}
