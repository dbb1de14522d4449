import type { V1PersistentVolume } from '@kubernetes/client-node';
import type { Cluster } from '../cluster/connect-cluster.ts';
import type { Place, Thing } from './inventory.ts';
import { thingNamed, thingOf } from './things.ts';

const pageSize = 200;

/**
 * Volumes that claims in applications' namespaces are, or were, bound to: they are not in the namespace, and outlive it until their storage
 * has deleted the data. All of one application's are one thing. Nobody but their storage deletes them: here it is only waited for.
 */
export function volumePlace(cluster: Cluster): Place {
  return {
    kinds: ['volume'],
    expected: (appId) => [thingOf('volume', appId)],
    async find(appId) {
      return (await volumesOf(cluster, appId)).length > 0 ? [thingOf('volume', appId)] : [];
    },
    async *list() {
      for await (const page of listVolumes(cluster)) {
        const things = page.map(claimant).filter((thing) => thing !== undefined);
        yield [...new Map(things.map((thing) => [thing.appId, thing])).values()];
      }
    },
    async remove({ appId }) {
      const kept = (await volumesOf(cluster, appId)).filter(({ spec }) => spec?.persistentVolumeReclaimPolicy === 'Retain');
      if (kept.length > 0)
        throw new Error(`their storage class keeps them (Retain): ${kept.map(({ metadata }) => metadata?.name).join(', ')}`);
    },
  };
}

async function volumesOf(cluster: Cluster, appId: string): Promise<V1PersistentVolume[]> {
  const volumes: V1PersistentVolume[] = [];
  for await (const page of listVolumes(cluster)) volumes.push(...page.filter((volume) => claimant(volume)?.appId === appId));
  return volumes;
}

/** Volumes can't be selected by their claims. */
async function* listVolumes({ core }: Cluster): AsyncGenerator<V1PersistentVolume[]> {
  let page: string | undefined;
  do {
    const list = await core.listPersistentVolume({ limit: pageSize, ...(page && { _continue: page }) });
    yield list.items;
    page = list.metadata?._continue;
  } while (page);
}

function claimant({ spec }: V1PersistentVolume): Thing | undefined {
  return thingNamed('volume', spec?.claimRef?.namespace ?? '');
}
