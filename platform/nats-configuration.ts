export const natsPorts = { clients: 4_222, health: 8_222, routes: 6_222 } as const;

export interface NatsConfigurationArgs {
  /** Each server of a cluster must have its own; `$NAME` takes it from the environment. */
  serverName: string;
  storeDir: string;
  /** Of the one user, whom all services share. */
  password: string;
  ports: Record<keyof typeof natsPorts, number>;
  /** All servers of the cluster by host and port of their routes, this one too: JetStream counts them to know what a majority is. */
  cluster?: { password: string; peers: string[] } | undefined;
}

/** `sync_interval: always`: an acknowledged message is on the disk; without it a crash can lose what was acknowledged. */
export function natsConfiguration({ serverName, storeDir, password, ports, cluster }: NatsConfigurationArgs): string {
  return `server_name: ${serverName}
port: ${ports.clients}
http: ${ports.health}
jetstream { store_dir: ${storeDir}, sync_interval: always, max_mem: 64Mb, max_file: 1Gb }
authorization { user: authsome, password: "${password}" }
${
  cluster === undefined
    ? ''
    : `cluster {
  name: authsome
  port: ${ports.routes}
  authorization { user: nats, password: "${cluster.password}", timeout: 5 }
  routes: [${cluster.peers.map((peer) => `"nats://nats:${cluster.password}@${peer}"`).join(', ')}]
}
`
}`;
}
