import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { clusterSettings } from './settings.ts';
import { reconcileVolumes } from './volumes/reconcile-volumes.ts';
import { watchChanges } from './volumes/watch-changes.ts';

/** Without any change, for whatever a watch may have missed. */
const resyncMs = 30_000;
/** After an error, such as an API server that restarts. */
const retryMs = 1_000;
/** Not well after so many rounds in vain. */
const healthyMs = 3 * resyncMs;

export interface VolumeProvisionerOptions {
  kubeconfig: KubeConfig;
  volumesDir: string;
  nodeName: string;
  signal: AbortSignal;
  log: (facts: object) => void;
  /** Called after each round that went well. */
  onDone: () => void;
}

/**
 * Makes a volume for every claim of its storage class that the scheduler has given to this node, and removes it with its data when its
 * claim is gone. Each round looks at everything there is, so it does not matter what happened before: a watch only says when to look.
 */
export async function provisionVolumes({ kubeconfig, volumesDir, nodeName, signal, log, onDone }: VolumeProvisionerOptions): Promise<void> {
  const api = kubeconfig.makeApiClient(CoreV1Api);
  const changes = watchChanges({ kubeconfig, paths: ['/api/v1/persistentvolumeclaims', '/api/v1/persistentvolumes'], signal });
  let lastError: string | undefined;
  while (!signal.aborted) {
    // Asked for before the round: what changes while it runs is the next round's.
    const changed = changes.next();
    try {
      for (const done of await reconcileVolumes({ api, volumesDir, nodeName })) log(done);
      lastError = undefined;
      onDone();
      await Promise.race([changed, pause(resyncMs, signal)]);
    } catch (error) {
      if (String(error) !== lastError) log({ message: 'volumes could not be looked after', error: String(error) });
      lastError = String(error);
      await pause(retryMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kubeconfig: { type: 'string' }, volumes: { type: 'string' } } });
  if (values.kubeconfig === undefined || values.volumes === undefined) throw new Error('--kubeconfig and --volumes are needed');
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(values.kubeconfig);
  let doneAt = -Infinity;
  createServer((_request, response) => {
    response.writeHead(performance.now() - doneAt < healthyMs ? 200 : 503).end();
  }).listen(clusterSettings.volumeProvisionerHealthPort, '127.0.0.1');
  // Everything it does can be cut short and is done again.
  process.on('SIGTERM', () => process.exit(0));
  await provisionVolumes({
    kubeconfig,
    volumesDir: values.volumes,
    nodeName: clusterSettings.nodeName,
    signal: new AbortController().signal,
    log: (facts) => console.log(JSON.stringify({ time: new Date().toISOString(), ...facts })),
    onDone: () => {
      doneAt = performance.now();
    },
  });
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
