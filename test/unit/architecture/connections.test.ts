import test from 'ava';
import ts from 'typescript';
import { importedNames, nodesOf, parseFolders, place } from './source-files.ts';
import type { ParsedFile } from './source-files.ts';

const product = parseFolders(['services', 'proxy', 'stacks', 'tenant-program', 'platform', 'toolchain', 'cli']);
const tests = parseFolders(['test']);

/** Package → the files that open connections with it: there each has an error listener and a time limit for its first answer. */
const factories: Record<string, readonly string[]> = {
  pg: ['services/shared/db/postgres-connections.ts', 'toolchain/plugins/postgresql/with-connection.ts'],
  ioredis: ['services/shared/redis.ts', 'test/support/redis-client.ts'],
  '@nats-io/transport-node': ['services/shared/nats.ts', 'test/support/nats-client.ts'],
};

for (const [name, files] of Object.entries(factories)) {
  test(`connections of ${name} are opened by factories alone, which give each an error listener and time limits`, (t) => {
    const opening = [...product, ...tests]
      .map((file) => ({ file, places: openings(file, name) }))
      .filter(({ places }) => places.length > 0);
    t.deepEqual(
      opening.filter(({ file }) => !files.includes(file.path)).flatMap(({ places }) => places),
      [],
    );
    t.deepEqual(opening.map(({ file }) => file.path).sort(), [...files].sort(), 'each factory still opens connections');
  });
}

test('every request of the product by fetch ends in time: it has a signal', (t) => {
  const strays = product.flatMap((file) =>
    nodesOf(file, ts.isCallExpression)
      .filter(({ expression, arguments: [, options] }) => expression.getText() === 'fetch' && !hasSignal(options))
      .map((call) => place(file, call)),
  );
  t.deepEqual(strays, []);
});

/** `new pg.Pool(…)`, `new Redis(…)`, `connect(…)`: whatever a package's import is constructed by or called as. */
function openings(file: ParsedFile, name: string): string[] {
  const names = importedNames(file, name);
  if (names.length === 0) return [];
  const constructed = nodesOf(file, ts.isNewExpression).filter(({ expression }) => {
    const text = expression.getText();
    return names.includes(text) || (names.includes(text.split('.')[0] ?? '') && /\.(Pool|Client|Redis|Cluster)$/.test(text));
  });
  const called = nodesOf(file, ts.isCallExpression).filter(({ expression }) => {
    const text = expression.getText();
    return names.includes(text) && /connect$/i.test(text);
  });
  return [...constructed, ...called].map((node) => place(file, node));
}

/** Options that come from elsewhere are given the benefit of the doubt. */
function hasSignal(options: ts.Expression | undefined): boolean {
  if (options === undefined) return false;
  if (!ts.isObjectLiteralExpression(options)) return true;
  return options.properties.some((property) => property.name?.getText() === 'signal' || ts.isSpreadAssignment(property));
}
