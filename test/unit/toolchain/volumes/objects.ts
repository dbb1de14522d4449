import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';

export const uid = 'a3c1f6de-0b7c-4d0e-9f5a-2f6c1b8e7d90';
export const volumeName = `pvc-${uid}`;
export const nodeName = 'authsome-node';

/** A claim that the scheduler has given to the node. */
export function claim(changes: { metadata?: object; spec?: object } = {}): V1PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: 'authsome-app-abc123',
      name: 'data-postgres-0',
      uid,
      annotations: { 'volume.kubernetes.io/selected-node': nodeName },
      ...changes.metadata,
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'authsome-tenants',
      resources: { requests: { storage: '2Gi' } },
      ...changes.spec,
    },
    status: { phase: 'Pending' },
  };
}

/** A volume that was made for the claim, which is gone since. */
export function releasedVolume(volumesDir: string, changes: { metadata?: object; spec?: object; phase?: string } = {}): V1PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      uid: 'uid-of-volume',
      annotations: { 'pv.kubernetes.io/provisioned-by': 'authsome.cloud/local-volumes' },
      ...changes.metadata,
    },
    spec: {
      storageClassName: 'authsome-tenants',
      persistentVolumeReclaimPolicy: 'Delete',
      local: { path: `${volumesDir}/claims/${volumeName}` },
      claimRef: { namespace: 'authsome-app-abc123', name: 'data-postgres-0', uid },
      ...changes.spec,
    },
    status: { phase: changes.phase ?? 'Released' },
  };
}
