/** Exact names and prefixes that a child may see. KUBERNETES_ is how a pod finds its API server. */
const names = ['PATH', 'HOME', 'TMPDIR', 'KUBECONFIG', 'NODE_EXTRA_CA_CERTS'];
const prefixes = ['PULUMI_', 'KUBERNETES_'];

/**
 * The environment of an operation's child: what the pulumi CLI and its providers need, and nothing of the provisioner's own (database,
 * Redis and NATS credentials, encryption key). A tenant's program must not be able to read those.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const allowed = ([name, value]: [string, string | undefined]): boolean =>
    value !== undefined && (names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)));
  return Object.fromEntries(Object.entries(env).filter(allowed)) as Record<string, string>;
}
