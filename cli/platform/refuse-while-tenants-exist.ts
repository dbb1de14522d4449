import { runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';

/**
 * Refuses while tenants exist: without the platform nothing could ever destroy their stacks.
 *
 * @throws Error naming their namespaces
 */
export async function refuseWhileTenantsExist(context: CliContext, kubectl: string): Promise<void> {
  const args = ['--kubeconfig', context.kubeconfig, 'get', 'namespaces', '--selector', 'authsome.cloud/app-id', '--output', 'name'];
  const namespaces = (await runCommand(kubectl, args)).split('\n').filter(Boolean);
  if (namespaces.length > 0) throw new Error(`delete the tenants first (authsome tenant delete --now): ${namespaces.join(', ')}`);
}
