import { join } from 'node:path';
import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

export interface LocalVolumeArgs {
  /** Folder name under the volumes folder; made and owned by the cluster's start. */
  name: string;
  volumesDir: string;
  nodeName: string;
  storageClass: string;
  storage: string;
  claim: { namespace: pulumi.Input<string>; name: string };
}

/** A persistent volume on the one node, bound in advance to the claim of its StatefulSet. Its data outlives the stack: reclaim policy Retain. */
export function localVolume(args: LocalVolumeArgs, options: pulumi.CustomResourceOptions): kubernetes.core.v1.PersistentVolume {
  return new kubernetes.core.v1.PersistentVolume(
    `${args.name}-volume`,
    {
      metadata: { name: `authsome-${args.name}`, labels: { 'app.kubernetes.io/part-of': 'authsome' } },
      spec: {
        capacity: { storage: args.storage },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: args.storageClass,
        local: { path: join(args.volumesDir, args.name) },
        claimRef: { namespace: args.claim.namespace, name: args.claim.name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [args.nodeName] }] }],
          },
        },
      },
    },
    options,
  );
}
