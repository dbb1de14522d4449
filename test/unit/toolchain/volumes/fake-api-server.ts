import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeConfig, V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { kubeconfigFor, readJson, send, status } from '../../../support/kubernetes-http.ts';

/** So much of an API server as claims and volumes need: lists, watches, and making and deleting volumes. */
export interface FakeApiServer {
  kubeconfig: KubeConfig;
  claims: Map<string, V1PersistentVolumeClaim>;
  volumes: Map<string, V1PersistentVolume>;
  /** `POST /api/v1/persistentvolumes` and the like, without lists and watches. */
  writes: string[];
  /** Lists answered so far. */
  lists: () => number;
  /** Says on every watch that something has changed. */
  announce(): void;
  /** Cuts every open connection, as a server that restarts does. */
  cutConnections(): void;
  /** Answers everything with 503 until it is called again with false. */
  refuse(refused: boolean): void;
  close(): Promise<void>;
}

const claimsPath = '/api/v1/persistentvolumeclaims';
const volumesPath = '/api/v1/persistentvolumes';

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const claims = new Map<string, V1PersistentVolumeClaim>();
  const volumes = new Map<string, V1PersistentVolume>();
  const writes: string[] = [];
  const watches = new Set<ServerResponse>();
  let refused = false;
  let lists = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (refused) return send(response, 503, status(503));
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      watches.add(response);
      response.once('close', () => watches.delete(response));
      return;
    }
    if (request.method === 'GET') {
      lists += 1;
      const [kind, items] = url.pathname === claimsPath ? ['PersistentVolumeClaimList', claims] : ['PersistentVolumeList', volumes];
      return send(response, 200, { apiVersion: 'v1', kind, metadata: { resourceVersion: '1' }, items: [...items.values()] });
    }
    writes.push(`${request.method} ${url.pathname}`);
    if (request.method === 'POST' && url.pathname === volumesPath) {
      const volume = (await readJson(request)) as V1PersistentVolume;
      const name = volume.metadata?.name ?? '';
      if (volumes.has(name)) return send(response, 409, status(409));
      volumes.set(name, { ...volume, metadata: { ...volume.metadata, uid: `uid-of-${name}` }, status: { phase: 'Available' } });
      return send(response, 201, volumes.get(name));
    }
    if (request.method === 'DELETE' && url.pathname.startsWith(`${volumesPath}/`)) {
      const name = url.pathname.slice(volumesPath.length + 1);
      const { preconditions } = (await readJson(request)) as { preconditions?: { uid?: string } };
      const volume = volumes.get(name);
      if (volume === undefined) return send(response, 404, status(404));
      if (preconditions?.uid !== volume.metadata?.uid) return send(response, 409, status(409));
      volumes.delete(name);
      return send(response, 200, volume);
    }
    return send(response, 405, status(405));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    kubeconfig: kubeconfigFor((server.address() as AddressInfo).port),
    claims,
    volumes,
    writes,
    lists: () => lists,
    announce: () => {
      for (const watch of watches)
        watch.write(`${JSON.stringify({ type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } })}\n`);
    },
    cutConnections: () => server.closeAllConnections(),
    refuse: (value) => {
      refused = value;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
