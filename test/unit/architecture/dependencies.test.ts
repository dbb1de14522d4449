import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';

const root = resolve(import.meta.dirname, '../../..');

/** Folder → what its files may import of the repository besides their own folder. */
const allowed: Record<string, readonly string[]> = {
  domain: [],
  'services/shared': ['domain'],
  'services/control-api': ['domain', 'services/shared'],
  'services/backup': ['domain', 'services/shared'],
  'services/instance': ['domain', 'services/shared'],
  'services/provisioner': ['domain', 'services/shared', 'stacks', 'tenant-program'],
  proxy: ['domain', 'services/shared'],
  'tenant-program': ['domain'],
  stacks: ['domain', 'tenant-program'],
  platform: ['domain'],
  toolchain: ['domain'],
  cli: ['domain', 'toolchain', 'platform', 'stacks', 'tenant-program'],
};

for (const [folder, targets] of Object.entries(allowed)) {
  test(`${folder} imports only ${targets.length > 0 ? targets.join(', ') : 'itself'}`, (t) => {
    const files = typescriptFiles(join(root, folder));
    t.true(files.length > 0);
    const strays = files.flatMap((file) =>
      relativeImports(file)
        .map((target) => relative(root, target))
        .filter((target) => ![folder, ...targets].some((prefix) => target.startsWith(`${prefix}/`)))
        .map((target) => `${relative(root, file)} imports ${target}`),
    );
    t.deepEqual(strays, []);
  });
}

test('domain imports no package but zod, and nothing of the machine', (t) => {
  const packages = typescriptFiles(join(root, 'domain')).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*(?:\(\s*)?'([^.'][^']*)'/g)].map((match) => match[1]),
  );
  t.deepEqual(
    [...new Set(packages)].filter((name) => name !== 'zod'),
    [],
  );
});

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Static and dynamic imports of relative paths, types included: a type ties two folders together as well. */
function relativeImports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*(?:\(\s*)?'(\.[^']+)'/g)].map((match) =>
    resolve(dirname(file), String(match[1])),
  );
}
