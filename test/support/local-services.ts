import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startNats } from './start-nats.ts';
import { startPostgres } from './start-postgres.ts';
import { startRedis } from './start-redis.ts';

export interface LocalServices {
  /** As superuser, database `postgres`. */
  databaseUrl: string;
  redisUrl: string;
  natsUrl: string;
  /** Stops the servers and removes their data. */
  stop(): Promise<void>;
}

/** Real PostgreSQL, Redis and NATS servers on free loopback ports, with their data in a temporary directory. */
export async function startLocalServices(): Promise<LocalServices> {
  const directory = makeServerDirectory();
  const started = await Promise.allSettled([startPostgres(directory), startRedis(directory), startNats(directory)]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(async (result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
    rmSync(directory, { recursive: true, force: true });
  };
  const [postgres, redis, nats] = started;
  if (postgres.status === 'fulfilled' && redis.status === 'fulfilled' && nats.status === 'fulfilled') {
    return { databaseUrl: postgres.value.url, redisUrl: redis.value.url, natsUrl: nats.value.url, stop };
  }
  await stop();
  throw new AggregateError(
    started.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
    'Local services did not start',
  );
}

/** A temporary directory that another user's server may enter: PostgreSQL runs as its own user under root. */
export function makeServerDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'authsome-test-'));
  chmodSync(directory, 0o755);
  return directory;
}
