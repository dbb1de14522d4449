import { createServer } from 'node:http';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { betterAuth } from 'better-auth';
import type { BetterAuthOptions } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { postgresPool } from '../../support/postgres-client.ts';
import { redisClient } from '../../support/redis-client.ts';

// better-auth behind its own Node handler, with nothing of ours: what the instance is measured against. As many connections, sessions in
// both stores, and passwords hashed at the same price.

const { DATABASE_URL = '', REDIS_URL = '', AUTH_SECRET = '' } = process.env;
const scryptOptions = { N: 2 ** 14, r: 8, p: 5, maxmem: 2 ** 26 };

const redis = redisClient(REDIS_URL);
const options = {
  secret: AUTH_SECRET,
  baseURL: 'http://127.0.0.1',
  database: postgresPool({ connectionString: DATABASE_URL, max: 5 }),
  secondaryStorage: {
    get: (key) => redis.get(key),
    getAndDelete: (key) => redis.getdel(key),
    set: async (key, value, ttlSeconds) => void (await (ttlSeconds ? redis.set(key, value, 'EX', ttlSeconds) : redis.set(key, value))),
    delete: async (key) => void (await redis.del(key)),
    increment: (key) => redis.incr(key),
  },
  session: { storeSessionInDatabase: true },
  verification: { storeInDatabase: true },
  emailAndPassword: { enabled: true, password: { hash, verify } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
} satisfies BetterAuthOptions;

await (await getMigrations(options)).runMigrations();
const handle = toNodeHandler(betterAuth(options));
const server = createServer((req, res) => void handle(req, res));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
});

async function hash(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${(await derive(password, salt)).toString('hex')}`;
}

async function verify({ hash: stored, password }: { hash: string; password: string }): Promise<boolean> {
  const [salt = '', key = ''] = stored.split(':');
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'hex')), Buffer.from(key, 'hex'));
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => scrypt(password, salt, 32, scryptOptions, (err, key) => (err ? reject(err) : resolve(key))));
}
