import type { ClusterPaths } from '../../../toolchain/cluster/settings.ts';
import type { OperatorClient } from '../../operator-client.ts';
import type { TenantGroup } from './tenant-group.ts';

/** What the measurements on the platform work with. */
export interface ProvisionBench {
  cluster: ClusterPaths;
  /** The platform's own. */
  namespace: string;
  operator: OperatorClient;
  /** Makes and removes the applications that are measured. */
  tenants: TenantGroup;
  /** @throws Error where kubectl fails */
  kubectl: (args: readonly string[]) => Promise<string>;
}
