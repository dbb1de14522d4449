import { tenantNames } from '../../tenant-program/names.ts';
import type { FakeObject } from './fake-cluster.ts';

/** An application's namespace with the labels that the tenant program gives it. */
export function tenantNamespace(appId: string, metadata: Partial<FakeObject['metadata']> = {}): FakeObject {
  return {
    metadata: {
      name: tenantNames(appId).namespace,
      labels: { 'app.kubernetes.io/managed-by': 'authsome-provisioner', 'authsome.cloud/app-id': appId },
      ...metadata,
    },
  };
}
