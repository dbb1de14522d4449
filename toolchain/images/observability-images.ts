import { debianRootfs, sharedLibraries, suite } from './debian-rootfs.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { accountEntries, binaryLayer, filesLayer } from './image-recipe.ts';

/** `nobody`, as in the images that these projects publish. */
const user = { name: 'nobody', id: 65_534 };

/** One static program and nothing else. Arguments and configuration are those of the published image. */
export async function staticServer(name: 'prometheus' | 'jaeger', binary: string): Promise<ImageRecipe> {
  return {
    name,
    user,
    layers: [
      await binaryLayer({ source: binary, path: `usr/bin/${name}` }),
      filesLayer([...accountEntries(user), { path: 'tmp', type: 'directory', mode: 0o1777 }]),
    ],
    config: { Entrypoint: [`/usr/bin/${name}`], Env: ['PATH=/usr/bin'] },
  };
}

/** Debian's Alertmanager. The certificates are for what it calls: PagerDuty and Slack. */
export function alertmanager(): ImageRecipe {
  const rootfs = debianRootfs({
    suite,
    packages: ['prometheus-alertmanager', 'ca-certificates'],
    keep: [
      ...sharedLibraries,
      'usr/bin/prometheus-alertmanager',
      // The default texts of messages.
      'usr/share/prometheus/alertmanager',
      'usr/share/ca-certificates',
      'etc/ssl/openssl.cnf',
    ],
  });
  return {
    name: 'alertmanager',
    user,
    layers: [rootfs, filesLayer(accountEntries(user))],
    config: { Entrypoint: ['/usr/bin/prometheus-alertmanager'], Env: ['PATH=/usr/bin'] },
  };
}
