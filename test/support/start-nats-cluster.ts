import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { natsConfiguration } from '../../platform/nats-configuration.ts';
import type { ConnectionOptions } from '@nats-io/transport-node';
import { startChildServer } from './child-server.ts';
import type { ChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';

const password = 'of-the-services';
const routePassword = 'of-the-servers';

export interface NatsCluster {
  /** For a client of all servers, which goes to another one when its own is gone. */
  options: ConnectionOptions;
  /** Of each server, as the services are given one. */
  urls: string[];
  /** Ends one without notice. */
  kill(index: number): Promise<void>;
  /** Brings it back with what it has on disk; resolves when it has caught up. */
  start(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** Three real NATS servers with the configuration that the platform gives them, their data below the directory. */
export async function startNatsCluster(directory: string): Promise<NatsCluster> {
  const servers = await Promise.all(
    [0, 1, 2].map(async (index) => ({
      name: `nats-${index}`,
      ports: { clients: await freePort(), health: await freePort(), routes: await freePort() },
    })),
  );
  const peers = servers.map(({ ports }) => `127.0.0.1:${ports.routes}`);
  const running = new Map<number, ChildServer>();

  const startOne = async (index: number): Promise<void> => {
    const { name, ports } = servers[index] ?? fail(index);
    const storeDir = path.join(directory, name);
    mkdirSync(storeDir, { recursive: true });
    const file = path.join(directory, `${name}.conf`);
    writeFileSync(
      file,
      natsConfiguration({ serverName: '$POD_NAME', storeDir, password, ports, cluster: { password: routePassword, peers } }),
    );
    const server = await startChildServer({
      command: process.env.NATS_SERVER_BIN ?? 'nats-server',
      args: ['--config', file],
      options: { env: { ...process.env, POD_NAME: name } },
      probe: () => answers(`http://127.0.0.1:${ports.health}/healthz`),
    });
    running.set(index, server);
  };

  await Promise.all(servers.keys().map(startOne));
  return {
    options: {
      servers: servers.map(({ ports }) => `127.0.0.1:${ports.clients}`),
      user: 'authsome',
      pass: password,
      maxReconnectAttempts: -1,
    },
    urls: servers.map(({ ports }) => `nats://authsome:${password}@127.0.0.1:${ports.clients}`),
    start: startOne,
    kill: async (index) => {
      await running.get(index)?.stop('SIGKILL');
      running.delete(index);
    },
    stop: async () => void (await Promise.all([...running.values()].map((server) => server.stop()))),
  };
}

async function answers(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

function fail(index: number): never {
  throw new Error(`there is no server ${index}`);
}
