import { ApiException } from '@kubernetes/client-node';
import type { CoreV1Api, V1PersistentVolume } from '@kubernetes/client-node';
import { planVolumes } from './plan-volumes.ts';
import { makeVolumeFolder, removeEmptyFolders, removeVolumeFolder } from './volume-folders.ts';

export interface ReconcileVolumesOptions {
  api: CoreV1Api;
  volumesDir: string;
  nodeName: string;
}

export interface VolumeChange {
  message: 'volume created' | 'volume removed';
  volume: string;
  claim: string;
}

/**
 * One round over all claims and volumes. The folder is there before its volume and goes before it, so that a round that is cut short is
 * made up for by the next.
 *
 * @returns what it did
 */
export async function reconcileVolumes({ api, volumesDir, nodeName }: ReconcileVolumesOptions): Promise<VolumeChange[]> {
  // Claims first: a claim that is listed and whose volume was made meanwhile is then found with its volume.
  const { items: claims } = await api.listPersistentVolumeClaimForAllNamespaces();
  const { items: volumes } = await api.listPersistentVolume();
  const { toCreate, toRemove, known } = planVolumes({ claims, volumes, volumesDir, nodeName });
  const done: VolumeChange[] = [];
  for (const { volume, folder } of toCreate) {
    await makeVolumeFolder(folder);
    await unlessAnswered(409, () => api.createPersistentVolume({ body: volume }));
    done.push(change('volume created', volume));
  }
  for (const { volume, folder } of toRemove) {
    await removeVolumeFolder(folder);
    const { name = '', uid } = volume.metadata ?? {};
    // Only the one that was looked at: the name may be another volume's by now.
    await unlessAnswered(404, () => api.deletePersistentVolume({ name, body: { preconditions: { uid } } }));
    done.push(change('volume removed', volume));
  }
  await removeEmptyFolders(volumesDir, known);
  return done;
}

/** Somebody was there before: another round of this program, before it was ended. */
async function unlessAnswered(code: number, request: () => Promise<unknown>): Promise<void> {
  try {
    await request();
  } catch (error) {
    if (!(error instanceof ApiException && error.code === code)) throw error;
  }
}

function change(message: VolumeChange['message'], { metadata, spec }: V1PersistentVolume): VolumeChange {
  return { message, volume: metadata?.name ?? '', claim: `${spec?.claimRef?.namespace}/${spec?.claimRef?.name}` };
}
