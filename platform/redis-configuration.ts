import { createHash } from 'node:crypto';

/** Who connects to the platform's Redis. Each has a password of its own, and the keys and commands that its program uses. */
export const redisUsers = ['proxy', 'control-api', 'provisioner', 'restore'] as const;
export type RedisUser = (typeof redisUsers)[number];
export type RedisPasswords = Record<RedisUser, string>;

/** What a client sends when it connects, and the health checks. INFO, of the dangerous ones, tells it whether the data is loaded. */
const connecting = '+ping +hello +select +quit +reset +client|setname +info';
const scripts = '+eval +evalsha +script|load +script|exists';

/** The route of each application, and the note that one was removed: services/shared/routes. */
const routes = '~route:* ~route-removed:*';
const invalidations = '&routes:invalidate';

const rights: Readonly<Record<RedisUser, string>> = {
  proxy: `%R~route:* ${invalidations} ${connecting} +get +subscribe +unsubscribe`,
  // It publishes routes, and counts for its limits, by scripts. Neither may it list keys nor wait.
  'control-api': `${routes} ~limit:* ~guard:* ${invalidations} +@read +@write -@dangerous -@blocking -@scripting -scan -randomkey ${scripts} +@transaction +publish ${connecting}`,
  provisioner: `${routes} ${invalidations} ${connecting} ${scripts} +get +set +del +exists +scan +publish`,
  restore: `${routes} ${connecting} +scan +unlink`,
};

/**
 * Routes can be rebuilt from PostgreSQL, so Redis may evict; the append-only file keeps them over a restart. Nobody is let in without a name:
 * the user `default` is off. Nobody configures, stops or empties the server, or sees what others ask. The file holds hashes only.
 */
export function redisConfiguration(passwords: RedisPasswords): string {
  return [
    'bind * -::*',
    'protected-mode no',
    'user default off resetpass resetkeys resetchannels -@all',
    ...redisUsers.map((user) => `user ${user} on #${sha256(passwords[user])} resetkeys resetchannels -@all ${rights[user]}`),
    'dir /data',
    'appendonly yes',
    'maxmemory 384mb',
    'maxmemory-policy allkeys-lru',
    '',
  ].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
