import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { appErrors } from '../../services/shared/errors.ts';
import type { Log } from '../../services/shared/log.ts';
import { fetchWhole } from './fetch-whole.ts';
import type { WholeAnswer } from './fetch-whole.ts';
import type { UpstreamConnection } from './upstream-agents.ts';

export const jwksPath = '/auth/jwks';

export interface KeySet {
  body: Buffer;
  etag: string;
  contentType: string;
  cacheControl: string;
}

export interface KeySetRequest {
  appId: string;
  /** Of the route: a new one makes the set load again. */
  revision: number;
  connection: UpstreamConnection;
  /** Of the upstream request, as the proxy says them; none of the client's. */
  headers: OutgoingHttpHeaders;
}

export interface JwksCache {
  /** @throws AppError service_unavailable (upstream) where the instance has no keys to show */
  get(request: KeySetRequest): Promise<KeySet>;
}

interface Entry {
  revision: number;
  expiresAt: number;
  keys: Promise<KeySet>;
}

/** A verifier that meets an unknown key asks again; the instance publishes new keys before it signs with them. */
const ttlMs = 30_000;
/** An instance that can't answer is not asked by each caller. */
const failureTtlMs = 1_000;
const timeoutMs = 5_000;
/** A set has about 300 bytes a key. */
const maxSetBytes = 16_384;
const maxSets = 5_000;

/**
 * The public keys of applications, for whom anyone may ask without a key: so the instance is asked once in a while, whoever asks how often.
 *
 * @param now milliseconds
 */
export function createJwksCache({ now, log }: { now: () => number; log: Log }): JwksCache {
  const entries = new LRUCache<string, Entry>({ max: maxSets });

  return {
    get({ appId, revision, connection, headers }) {
      const known = entries.get(appId);
      if (known && known.revision === revision && known.expiresAt > now()) return known.keys;
      const entry: Entry = { revision, expiresAt: Infinity, keys: load(connection, headers).then(onLoaded, onFailed) };
      entries.set(appId, entry);
      return entry.keys;

      function onLoaded(keys: KeySet): KeySet {
        entry.expiresAt = now() + ttlMs;
        return keys;
      }

      function onFailed(err: unknown): never {
        entry.expiresAt = now() + failureTtlMs;
        log.warn({ err, appId }, 'The public keys of an instance could not be read');
        throw appErrors.unavailable('upstream');
      }
    },
  };
}

async function load(connection: UpstreamConnection, headers: OutgoingHttpHeaders): Promise<KeySet> {
  const { status, body, ...rest }: WholeAnswer = await fetchWhole({
    ...{ connection, headers, timeoutMs },
    path: jwksPath,
    limitBytes: maxSetBytes,
  });
  if (status !== 200) throw new Error(`The instance answered ${status}`);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`, ...rest };
}
