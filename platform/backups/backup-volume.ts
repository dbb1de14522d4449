import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labels, skipAwait } from '../hardening.ts';
import type { PlatformInputs } from '../load-settings.ts';
import { localVolume } from '../local-volume.ts';

export interface BackupVolumeArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  storage: string;
}

/** A volume of the backups' own, apart from those of the servers. */
export class BackupVolume extends pulumi.ComponentResource {
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: BackupVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:BackupVolume', name, {}, options);
    const { namespace, storage, volumesDir, settings } = args;
    const { localVolumes, storageClass } = settings.storage;
    const child = { parent: this };
    if (localVolumes !== undefined) {
      const claim = { namespace, name };
      localVolume({ name, claim, volumesDir, storageClass: storageClass ?? '', storage, ...localVolumes }, child);
    }
    const claim = new kubernetes.core.v1.PersistentVolumeClaim(
      name,
      {
        // Some classes bind it only once a pod wants it, which is the first night.
        metadata: { name, namespace, labels: labels(name), annotations: skipAwait },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: storageClass, resources: { requests: { storage } } },
      },
      child,
    );
    this.claim = claim.metadata.name;
    this.registerOutputs();
  }
}
