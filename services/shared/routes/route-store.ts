import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { routeStatus } from '../application-state.ts';
import type { Executor } from '../db/tables.ts';
import { routeInvalidationChannel, routeKey } from './route.ts';
import type { Route } from './route.ts';

/** Outlives any publisher that read the row before it was deleted; ids are never used again. */
const tombstoneSeconds = 3_600;

// Publishers run in several processes, and the last to write need not be the last to have read: the row's revision decides.
const publishScript = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local stored = redis.call('GET', KEYS[1])
if stored then
  local ok, route = pcall(cjson.decode, stored)
  if ok and type(route) == 'table' and type(route.revision) == 'number' and route.revision > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1`;

const removeScript = `
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1`;

/**
 * Builds an application's route from its row and its keys, in one query so that both are of one moment. Revoked and expired keys are left
 * out, and so are all of them while the application is on its way out: a restore brings them back.
 *
 * @returns null where the application is unknown or deleted
 */
export async function loadRoute(db: Executor, appId: string): Promise<Route | null> {
  const row = await db
    .selectFrom('applications as a')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .where('a.id', '=', appId)
    .where('a.status', '<>', 'deleted')
    .select((eb) => [
      'a.id',
      'a.revision',
      'a.status',
      'a.desired',
      'a.suspensions',
      'a.serving',
      'a.environment',
      'a.region',
      'a.internal_url',
      'a.sealed_instance_token',
      'a.allowed_origins',
      'w.plan',
      jsonArrayFrom(
        eb
          .selectFrom('api_keys as k')
          .whereRef('k.application_id', '=', 'a.id')
          .where('k.revoked_at', 'is', null)
          .where((key) => key.or([key('k.expires_at', 'is', null), key('k.expires_at', '>', sql<Date>`now()`)]))
          .orderBy('k.created_at')
          .orderBy('k.id')
          .select(['k.id', 'k.type', 'k.hash', 'k.scopes', 'k.expires_at']),
      ).as('keys'),
    ])
    .executeTakeFirst();
  if (!row) return null;
  const status = routeStatus(row);
  const keys = status === 'deleting' ? [] : row.keys;
  return {
    version: 1,
    appId: row.id,
    revision: row.revision,
    status,
    plan: row.plan,
    environment: row.environment,
    region: row.region,
    internalUrl: row.serving ? row.internal_url : null,
    sealedInstanceToken: row.sealed_instance_token,
    // As browsers send them: no path, no default port.
    allowedOrigins: row.allowed_origins?.map((allowed) => new URL(allowed).origin) ?? null,
    keys: keys.map(({ id, type, hash, scopes, expires_at }) => ({
      id,
      type,
      hash,
      scopes,
      expiresAt: expires_at === null ? null : new Date(expires_at).toISOString(),
    })),
  };
}

/**
 * Stores a route for the proxies and tells them, unless Redis holds a newer revision or the application was removed.
 *
 * @returns whether it was stored
 */
export async function publishRoute(redis: Redis, route: Route): Promise<boolean> {
  const { appId, revision } = route;
  const stored = await redis.eval(
    publishScript,
    2,
    routeKey(appId),
    tombstoneKey(appId),
    JSON.stringify(route),
    revision,
    routeInvalidationChannel,
    appId,
  );
  return stored === 1;
}

/** Removes a deleted application's route and tells the proxies; a late publisher can't bring it back. */
export async function removeRoute(redis: Redis, appId: string): Promise<void> {
  await redis.eval(removeScript, 2, routeKey(appId), tombstoneKey(appId), tombstoneSeconds, routeInvalidationChannel, appId);
}

function tombstoneKey(appId: string): string {
  return `route-removed:${appId}`;
}
