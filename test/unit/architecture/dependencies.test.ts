import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';

const root = resolve(import.meta.dirname, '../../..');

/** Folder → what its files may import of the repository besides their own folder. */
const allowed: Record<string, readonly string[]> = {
  'services/shared': [],
  'services/control-api': ['services/shared'],
  'services/backup': ['services/shared'],
  'services/instance': ['services/shared'],
  'services/provisioner': ['services/shared', 'stacks', 'tenant-program'],
  proxy: ['services/shared'],
  'tenant-program': [],
  stacks: ['tenant-program'],
  platform: [],
  toolchain: [],
  cli: ['toolchain', 'platform', 'stacks', 'tenant-program'],
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

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Static and dynamic imports of relative paths, types included: a type ties two folders together as well. */
function relativeImports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    resolve(dirname(file), String(match[1])),
  );
}
