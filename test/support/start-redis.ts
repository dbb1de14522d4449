import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';
import { redisClient } from './redis-client.ts';

/** One logical database a test file, and none used twice in a run. */
export const redisDatabases = 1_000;

/** A Redis server of its own that keeps nothing on disk. Given a port it takes that one, to come back after a stop. */
export async function startRedis(directory: string, givenPort?: number): Promise<{ url: string; port: number; stop: () => Promise<void> }> {
  const port = givenPort ?? (await freePort());
  const data = path.join(directory, 'redis');
  mkdirSync(data, { recursive: true });
  const server = await startChildServer({
    command: 'redis-server',
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', data],
      ...['--save', '', '--appendonly', 'no', '--databases', String(redisDatabases)],
    ],
    probe: () => answersPing(port),
  });
  return { url: `redis://127.0.0.1:${port}`, port, stop: () => server.stop() };
}

const probeTimeoutMs = 1_000;

async function answersPing(port: number): Promise<void> {
  const redis = redisClient(`redis://127.0.0.1:${port}`, {
    lazyConnect: true,
    connectTimeout: probeTimeoutMs,
    commandTimeout: probeTimeoutMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
