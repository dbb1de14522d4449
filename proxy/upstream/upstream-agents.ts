import { Agent } from 'node:http';
import { LRUCache } from 'lru-cache';

export interface UpstreamTarget {
  protocol: string;
  host: string;
  port: number;
}

export interface UpstreamConnection {
  target: UpstreamTarget;
  agent: Agent;
}

export interface UpstreamAgents {
  /** The connections to one instance; no other application's requests ever travel on them. */
  get(appId: string, url: string): UpstreamConnection;
  close(): void;
}

/** Well below the instance's keep-alive time (65 s), so that it is we who close an idle connection, and rarely meet one being closed. */
const idleTimeoutMs = 15_000;
/** Requests at once to one instance; more wait, and time out as a slow answer would. */
const maxSockets = 128;
const maxIdleSockets = 16;
/** Agents without a connection cost about 1 KiB. */
const maxAgents = 20_000;

export function createUpstreamAgents(): UpstreamAgents {
  const connections = new LRUCache<string, UpstreamConnection>({ max: maxAgents, dispose: ({ agent }) => retire(agent) });

  return {
    get(appId, url) {
      const key = `${appId} ${url}`;
      let connection = connections.get(key);
      if (!connection) {
        connection = connect(url);
        connections.set(key, connection);
      }
      return connection;
    },
    close: () => connections.clear(),
  };
}

function connect(url: string): UpstreamConnection {
  const { protocol, hostname, port } = new URL(url);
  const agent = new Agent({
    keepAlive: true,
    timeout: idleTimeoutMs,
    maxSockets,
    maxFreeSockets: maxIdleSockets,
    // The most recently used connection is the least likely to be closing.
    scheduling: 'lifo',
  });
  // URL writes IPv6 addresses in brackets, sockets want them without.
  return { agent, target: { protocol, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) } };
}

// Requests under way finish; `agent.destroy()` would cut them.
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
