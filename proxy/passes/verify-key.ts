import { hashApiKey, hashesEqual } from '../../services/shared/api-keys.ts';
import { appErrors } from '../../services/shared/errors.ts';
import type { RouteApiKey } from '../../services/shared/routes/route.ts';

const bearerKey = /^Bearer +([ps]k_(?:live|test)_[0-9A-Za-z]{20,128})$/i;

/**
 * Finds the key that `Authorization: Bearer …` presents among the route's keys. Every one is compared, in constant time.
 *
 * @throws unauthorized, the same whether the key is missing, malformed, unknown, expired or another application's
 */
export function verifyKey(authorization: string | undefined, keys: readonly RouteApiKey[], now: number): RouteApiKey {
  const presented = bearerKey.exec(authorization ?? '')?.[1];
  const hash = hashApiKey(presented ?? '');
  let found: RouteApiKey | undefined;
  for (const key of keys) if (hashesEqual(key.hash, hash)) found = key;
  if (presented === undefined || !found || isExpired(found, now)) throw appErrors.unauthorized('api_key_required');
  return found;
}

function isExpired({ expiresAt }: RouteApiKey, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now;
}
