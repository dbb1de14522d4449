import type { Cluster } from '../cluster/connect-cluster.ts';
import { releaseNamespace } from '../cluster/release-namespace.ts';
import { belongsTo, deleteNamespace, listTenantNamespaces, readNamespace } from '../cluster/tenant-namespaces.ts';
import type { Place, Thing } from './inventory.ts';
import { nameOf, thingOf } from './things.ts';

/**
 * Applications' namespaces, with all that is in them.
 *
 * @param patienceMs how long a namespace may take to end by itself before what is left in it is let go
 */
export function namespacePlace(cluster: Cluster, { patienceMs }: { patienceMs: number }): Place {
  return {
    kinds: ['namespace'],
    expected: (appId) => [thingOf('namespace', appId)],
    async find(appId) {
      return (await readNamespace(cluster, nameOf('namespace', appId))) ? [thingOf('namespace', appId)] : [];
    },
    async *list() {
      for await (const page of listTenantNamespaces(cluster))
        yield page.flatMap((namespace): Thing[] =>
          namespace.appId !== undefined && belongsTo(namespace, namespace.appId) ? [thingOf('namespace', namespace.appId)] : [],
        );
    },
    async remove({ name, appId }) {
      const namespace = await readNamespace(cluster, name);
      if (namespace === undefined) return;
      if (!belongsTo(namespace, appId)) throw new Error(`it has not the label of ${appId}`);
      if (namespace.deletedAt === undefined) return deleteNamespace(cluster, namespace);
      await releaseNamespace(cluster, { appId, namespace: name, patienceMs });
    },
  };
}
