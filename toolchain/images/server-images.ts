import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianRootfs, libraryFolder, sharedLibraries, suite } from './debian-rootfs.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { accountEntries, binaryLayer, filesLayer } from './image-recipe.ts';
import type { LayerRecipe } from './oci-layout.ts';

/** One static program and nothing else. */
export async function nats(natsServer: string): Promise<ImageRecipe> {
  const user = { name: 'nats', id: 999 };
  return {
    name: 'nats',
    user,
    layers: [await binaryLayer({ source: natsServer, path: 'usr/local/bin/nats-server' }), filesLayer(accountEntries(user))],
    config: { Entrypoint: ['/usr/local/bin/nats-server'], Cmd: ['--config', '/etc/nats/nats.conf'], Env: ['PATH=/usr/local/bin'] },
  };
}

/** Where Debian puts PostgreSQL's programs. */
export const postgresPrograms = '/usr/lib/postgresql/15/bin';

/** What dumps and restores databases, and the libraries that it needs. */
export function postgresClient(): LayerRecipe {
  return debianRootfs({
    suite,
    packages: ['postgresql-client-15'],
    keep: [...sharedLibraries, ...['pg_dump', 'pg_restore'].map((name) => `${postgresPrograms.slice(1)}/${name}`)],
  });
}

/** The pod gives the configuration as /etc/redis/redis.conf. */
export function redis(): ImageRecipe {
  const user = { name: 'redis', id: 999 };
  const rootfs = debianRootfs({
    suite,
    packages: ['redis-server'],
    keep: [...sharedLibraries, 'usr/bin/redis-server', 'usr/bin/redis-check-rdb', 'usr/bin/redis-cli'],
  });
  return {
    name: 'redis',
    user,
    layers: [rootfs, filesLayer([...accountEntries(user), { path: 'data', type: 'directory', mode: 0o750, uid: user.id, gid: user.id }])],
    config: { Cmd: ['redis-server', '/etc/redis/redis.conf'], WorkingDir: '/data', Env: ['PATH=/usr/bin:/bin'] },
  };
}

/** PostgreSQL that makes its cluster on the first start; see postgres/entrypoint.sh. */
export async function postgres(repoRoot: string): Promise<ImageRecipe> {
  const user = { name: 'postgres', id: 999 };
  const own = { uid: user.id, gid: user.id };
  const rootfs = debianRootfs({
    suite,
    packages: ['postgresql-15', 'openssl', 'dash', 'coreutils', 'libc-bin'],
    keep: postgresFiles,
    drop: postgresJit,
  });
  const entrypoint = await readFile(join(repoRoot, 'toolchain/images/postgres/entrypoint.sh'));
  return {
    name: 'postgres',
    user,
    layers: [
      rootfs,
      filesLayer([
        ...accountEntries(user),
        { path: 'usr/local/bin/entrypoint.sh', type: 'file', mode: 0o755, content: entrypoint },
        { path: 'var/lib/postgresql/data', type: 'directory', mode: 0o700, ...own },
        { path: 'var/run/postgresql', type: 'directory', mode: 0o775, ...own },
      ]),
    ],
    config: {
      Entrypoint: ['/usr/local/bin/entrypoint.sh'],
      Cmd: ['postgres'],
      Env: [`PATH=${postgresPrograms}:/usr/local/bin:/usr/bin:/bin`, 'PGDATA=/var/lib/postgresql/data/pgdata', 'LANG=C.UTF-8'],
      // PostgreSQL's fast shutdown. SIGTERM would be the smart one, which waits until the last client goes.
      StopSignal: 'SIGINT',
    },
  };
}

const postgresFiles = [
  ...sharedLibraries,
  'usr/lib/postgresql/15',
  'usr/share/postgresql/15',
  'usr/share/zoneinfo',
  'usr/lib/locale/C.utf8',
  // What the entrypoint and a person at `kubectl exec` need.
  ...['sh', 'dash', 'cat', 'ls', 'mkdir', 'mktemp', 'mv', 'rm', 'rmdir', 'sleep', 'sync'].map((name) => `bin/${name}`),
  ...['dirname', 'env', 'id', 'openssl'].map((name) => `usr/bin/${name}`),
];

/** The JIT compiler is 160 MB of LLVM for long analytic queries, which a control database has none of; without its library it is off. */
const postgresJit = [
  `${libraryFolder}/libLLVM*`,
  `${libraryFolder}/libz3*`,
  'usr/lib/postgresql/15/lib/bitcode',
  'usr/lib/postgresql/15/lib/llvmjit*',
];
