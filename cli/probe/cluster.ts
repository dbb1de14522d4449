import { execa } from 'execa';

export interface KubectlAnswer {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs kubectl on the platform's cluster; a refusal is an answer, not an exception. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<KubectlAnswer>;

export function createKubectl({ program, kubeconfig }: { program: string; kubeconfig: string }): Kubectl {
  return async (args, input) => {
    const { exitCode, stdout, stderr } = await execa(program, ['--kubeconfig', kubeconfig, '--request-timeout=30s', ...args], {
      reject: false,
      timeout: 90_000,
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    });
    return { exitCode, stdout, stderr };
  };
}

/** Runs Node inside a pod that has it, with a value for the script's `process.argv[1]`. Throws when the pod can't be entered. */
export async function runNode(
  kubectl: Kubectl,
  pod: { namespace: string; name: string; container: string },
  { script, argument }: { script: string; argument: unknown },
): Promise<unknown> {
  const enter = ['exec', '--namespace', pod.namespace, pod.name, '--container', pod.container, '--'];
  const { exitCode, stdout, stderr } = await kubectl([...enter, 'node', '-e', script, JSON.stringify(argument)]);
  if (exitCode !== 0) throw new Error(`the probe could not run in ${pod.namespace}/${pod.name}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return JSON.parse(stdout);
}
