import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Executor } from '../../services/shared/db/tables.ts';

/**
 * The readiness check: passes once Redis or PostgreSQL has answered, and for ever after. A proxy that knows no route yet is of no use
 * without either; one that does goes on without both, and must not be taken out of rotation for their outage.
 */
export function createReachStoreOnce({ redis, db }: { redis: Redis; db: Executor }): () => Promise<void> {
  let reached = false;
  return async () => {
    if (reached) return;
    if (redis.status !== 'ready') await sql`select 1`.execute(db);
    reached = true;
  };
}
