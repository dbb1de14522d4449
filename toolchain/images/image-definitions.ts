import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundle } from './bundle.ts';
import { debianRootfs, libraryFolder } from './debian-rootfs.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { accountEntries, binaryLayer, filesLayer } from './image-recipe.ts';
import type { LayerEntry } from './layer.ts';
import { modulesLayer } from './module-closure.ts';
import type { LayerRecipe } from './oci-layout.ts';
import { pluginLayers } from './plugin-layers.ts';

/** Programs that come from outside the repository. */
export interface ImageBinaries {
  node: string;
  pulumi: string;
  kubernetesProvider: string;
  natsServer: string;
  pause: string;
}

export interface ImageInputs {
  repoRoot: string;
  binaries: ImageBinaries;
}

export const imageNames = ['pause', 'postgres', 'redis', 'nats', 'control-api', 'provisioner', 'proxy', 'instance'] as const;
export type ImageName = (typeof imageNames)[number];

const suite = 'bookworm';
const app = { name: 'app', id: 10_001 };
const nodePath = 'PATH=/usr/local/bin:/usr/bin:/bin';
/** Left out of the provisioner's bundles: Pulumi's SDK finds its own files by path, and must be loaded once. */
const pulumiPackages = ['@pulumi/pulumi', '@pulumi/kubernetes', '@pulumi/postgresql', '@pulumi/random'];

/** What is in an image. Each runs as its own user, with a root file system that may be read-only. */
export async function imageRecipe(name: ImageName, inputs: ImageInputs): Promise<ImageRecipe> {
  switch (name) {
    case 'pause':
      return {
        name,
        user: { name: 'pause', id: 65_535 },
        layers: [await binaryLayer({ source: inputs.binaries.pause, path: 'pause' })],
        config: { Entrypoint: ['/pause'] },
      };
    case 'postgres':
      return postgres(inputs);
    case 'redis':
      return redis();
    case 'nats':
      return nats(inputs);
    case 'control-api':
      return service(inputs, name, { 'main.mjs': 'services/control-api/main.ts', 'setup-database.mjs': 'services/control-api/setup-database.ts' }, [
        ...(await migrations(inputs, 'services/shared/db/migrations')),
      ]);
    case 'provisioner':
      return provisioner(inputs);
    case 'proxy':
      return service(inputs, name, { 'main.mjs': 'proxy/main.ts' });
    case 'instance':
      return service(inputs, name, { 'main.mjs': 'services/instance/main.ts', 'migrate.mjs': 'services/instance/migrate.ts' });
  }
}

async function service(
  inputs: ImageInputs,
  name: ImageName,
  programs: Readonly<Record<string, string>>,
  files: readonly LayerEntry[] = [],
): Promise<ImageRecipe> {
  return {
    name,
    user: app,
    layers: [...(await nodeLayers(inputs)), await programLayer(inputs, programs, files)],
    config: { Entrypoint: ['node', '/app/main.mjs'], WorkingDir: '/app', Env: [nodePath, 'NODE_ENV=production', 'MIGRATIONS_DIR=/app/migrations'] },
  };
}

async function provisioner(inputs: ImageInputs): Promise<ImageRecipe> {
  const programs = { 'main.mjs': 'services/provisioner/main.ts', 'operation-child.mjs': 'stacks/operation-child.ts' };
  return {
    name: 'provisioner',
    user: app,
    layers: [
      ...(await nodeLayers(inputs)),
      await binaryLayer({ source: inputs.binaries.pulumi, path: 'usr/local/bin/pulumi' }),
      await modulesLayer({ repoRoot: inputs.repoRoot, names: pulumiPackages, target: 'app' }),
      ...(await pluginLayers(inputs)),
      await programLayer(inputs, programs, [], pulumiPackages),
    ],
    config: {
      Entrypoint: ['node', '/app/main.mjs'],
      WorkingDir: '/app',
      Env: [nodePath, 'NODE_ENV=production', 'OPERATION_CHILD=/app/operation-child.mjs'],
    },
  };
}

async function nats({ binaries }: ImageInputs): Promise<ImageRecipe> {
  const user = { name: 'nats', id: 999 };
  return {
    name: 'nats',
    user,
    layers: [await binaryLayer({ source: binaries.natsServer, path: 'usr/local/bin/nats-server' }), filesLayer(accountEntries(user))],
    config: { Entrypoint: ['/usr/local/bin/nats-server'], Cmd: ['--config', '/etc/nats/nats.conf'], Env: ['PATH=/usr/local/bin'] },
  };
}

function redis(): ImageRecipe {
  const user = { name: 'redis', id: 999 };
  const rootfs = debianRootfs({ suite, packages: ['redis-server'], keep: ['usr/bin/redis-server', 'usr/bin/redis-check-rdb', 'usr/bin/redis-cli'] });
  return {
    name: 'redis',
    user,
    layers: [rootfs, filesLayer([...accountEntries(user), { path: 'data', type: 'directory', mode: 0o750, uid: user.id, gid: user.id }])],
    config: { Cmd: ['redis-server', '/etc/redis/redis.conf'], WorkingDir: '/data', Env: ['PATH=/usr/bin:/bin'] },
  };
}

async function postgres({ repoRoot }: ImageInputs): Promise<ImageRecipe> {
  const user = { name: 'postgres', id: 999 };
  const own = { uid: user.id, gid: user.id };
  const rootfs = debianRootfs({ suite, packages: ['postgresql-15', 'dash', 'coreutils', 'libc-bin'], keep: postgresFiles, drop: postgresJit });
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
      Env: ['PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin', 'PGDATA=/var/lib/postgresql/data/pgdata', 'LANG=C.UTF-8'],
      // PostgreSQL's fast shutdown. SIGTERM would be the smart one, which waits until the last client goes.
      StopSignal: 'SIGINT',
    },
  };
}

/** Equal in all services, so stored, imported and pulled once. */
async function nodeLayers({ binaries }: ImageInputs): Promise<LayerRecipe[]> {
  return [
    debianRootfs({ suite, packages: ['libc6', 'libstdc++6', 'ca-certificates'], keep: ['usr/share/ca-certificates', 'etc/ssl/openssl.cnf', 'usr/lib/ssl'] }),
    await binaryLayer({ source: binaries.node, path: 'usr/local/bin/node' }),
    filesLayer(accountEntries(app)),
  ];
}

async function programLayer(
  { repoRoot }: ImageInputs,
  programs: Readonly<Record<string, string>>,
  files: readonly LayerEntry[] = [],
  external: readonly string[] = [],
): Promise<LayerRecipe> {
  const bundles = await Promise.all(
    Object.entries(programs).map(
      async ([target, entry]): Promise<LayerEntry> => ({ path: `app/${target}`, type: 'file', mode: 0o644, content: await bundle({ repoRoot, entry, external }) }),
    ),
  );
  return filesLayer([...bundles, ...files]);
}

async function migrations({ repoRoot }: ImageInputs, folder: string): Promise<LayerEntry[]> {
  const names = (await readdir(join(repoRoot, folder))).filter((name) => name.endsWith('.sql'));
  return Promise.all(
    names.map(async (name) => ({ path: `app/migrations/${basename(name)}`, type: 'file' as const, mode: 0o644, content: await readFile(join(repoRoot, folder, name)) })),
  );
}

const postgresFiles = [
  'usr/lib/postgresql/15',
  'usr/share/postgresql/15',
  'usr/share/zoneinfo',
  'usr/lib/locale/C.utf8',
  // What the entrypoint and a person at `kubectl exec` need.
  ...['sh', 'dash', 'cat', 'ls', 'mkdir', 'mktemp', 'mv', 'rm', 'rmdir', 'sleep', 'sync'].map((name) => `bin/${name}`),
  ...['dirname', 'env', 'id'].map((name) => `usr/bin/${name}`),
];

/** The JIT compiler is 160 MB of LLVM for long analytic queries, which a control database has none of; without its library it is off. */
const postgresJit = [
  `${libraryFolder}/libLLVM*`,
  `${libraryFolder}/libz3*`,
  'usr/lib/postgresql/15/lib/bitcode',
  'usr/lib/postgresql/15/lib/llvmjit*',
];
