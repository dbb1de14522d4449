import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { clusterSettings } from '../settings.ts';
import { volumeFolder } from './volume-folders.ts';

export interface VolumePlan {
  toCreate: { volume: V1PersistentVolume; folder: string }[];
  toRemove: { volume: V1PersistentVolume; folder: string }[];
  /** Folders that may be in use or about to be: any other is a leftover. */
  known: Set<string>;
}

export interface VolumeState {
  claims: readonly V1PersistentVolumeClaim[];
  volumes: readonly V1PersistentVolume[];
  volumesDir: string;
  nodeName: string;
}

const selectedNode = 'volume.kubernetes.io/selected-node';
const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** One node, one mount: what a folder can be. */
const accessModes = ['ReadWriteOnce', 'ReadWriteOncePod'];

/** What is to be done so that each claim has its volume, and no volume outlives its claim. */
export function planVolumes({ claims, volumes, volumesDir, nodeName }: VolumeState): VolumePlan {
  const present = new Set(volumes.map(({ metadata }) => metadata?.name));
  const waiting = claims.filter((claim) => isWaiting(claim, nodeName));
  const toCreate = waiting.flatMap((claim) => {
    const name = volumeName(claim);
    const folder = name === undefined ? undefined : volumeFolder(volumesDir, name);
    if (name === undefined || folder === undefined || present.has(name)) return [];
    return [{ folder, volume: newVolume({ claim, name, folder, nodeName }) }];
  });
  const toRemove = volumes.flatMap((volume) => {
    const folder = volumeFolder(volumesDir, volume.metadata?.name ?? '');
    // The folder must be the one that this program would have made: what a volume's path says is never followed.
    return folder !== undefined && isOurs(volume) && volume.spec?.local?.path === folder && isReleased(volume) ? [{ volume, folder }] : [];
  });
  return { toCreate, toRemove, known: new Set([...present, ...waiting.map(volumeName)].filter((name) => name !== undefined)) };
}

/** The scheduler has chosen this node for the claim's first pod, and nothing is bound to it yet. */
function isWaiting({ metadata, spec }: V1PersistentVolumeClaim, nodeName: string): boolean {
  return (
    spec?.storageClassName === clusterSettings.tenantStorageClass &&
    metadata?.annotations?.[selectedNode] === nodeName &&
    metadata.deletionTimestamp === undefined &&
    !spec.volumeName &&
    (spec.volumeMode ?? 'Filesystem') === 'Filesystem' &&
    spec.accessModes !== undefined &&
    spec.accessModes.every((mode) => accessModes.includes(mode))
  );
}

function isOurs({ metadata, spec }: V1PersistentVolume): boolean {
  return (
    metadata?.annotations?.[provisionedBy] === clusterSettings.volumeProvisioner &&
    spec?.storageClassName === clusterSettings.tenantStorageClass &&
    spec.persistentVolumeReclaimPolicy === 'Delete'
  );
}

/** Its claim is gone, and with that every pod that used it: a claim in use is kept until then. */
function isReleased({ status }: V1PersistentVolume): boolean {
  return status?.phase === 'Released';
}

/** The usual name of a provisioned volume. From the claim's id, so that a second try finds the first one's. */
function volumeName({ metadata }: V1PersistentVolumeClaim): string | undefined {
  return metadata?.uid === undefined ? undefined : `pvc-${metadata.uid}`;
}

interface NewVolume {
  claim: V1PersistentVolumeClaim;
  name: string;
  folder: string;
  nodeName: string;
}

/** A folder holds no more than its disk: the capacity is what the claim asked for, and nobody enforces it. */
function newVolume({ claim, name, folder, nodeName }: NewVolume): V1PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      labels: { 'app.kubernetes.io/part-of': 'authsome' },
      annotations: { [provisionedBy]: clusterSettings.volumeProvisioner },
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: claim.spec?.accessModes ?? [],
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: clusterSettings.tenantStorageClass,
      local: { path: folder },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: claim.metadata?.namespace ?? '',
        name: claim.metadata?.name ?? '',
        uid: claim.metadata?.uid ?? '',
      },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] }],
        },
      },
    },
  };
}
