import test from 'ava';
import type { Lock } from '../../../toolchain/images/module-closure.ts';
import { isNeeded, moduleClosure } from '../../../toolchain/images/module-closure.ts';

const lock: Lock = {
  packages: {
    '': { dependencies: { sdk: '1', unrelated: '1' } },
    'node_modules/sdk': {
      version: '1.0.0',
      dependencies: { left: '1', deep: '2', '@types/left': '1' },
      optionalDependencies: { absent: '1', extra: '1' },
    },
    'node_modules/sdk/node_modules/deep': { version: '2.0.0', dependencies: { left: '1' } },
    'node_modules/deep': { version: '1.0.0', dependencies: { unrelated: '1' } },
    'node_modules/left': { version: '1.0.0', dependencies: { sdk: '1' } },
    'node_modules/extra': { version: '1.0.0' },
    'node_modules/unrelated': { version: '1.0.0' },
    'node_modules/@types/left': { version: '1.0.0' },
    'node_modules/broken': { version: '1.0.0', dependencies: { missing: '1' } },
  },
};

test('the closure takes the nested copy where there is one, optional packages where installed, and follows cycles to an end', (t) => {
  t.deepEqual(moduleClosure(lock, ['sdk']), [
    'node_modules/extra',
    'node_modules/left',
    'node_modules/sdk',
    'node_modules/sdk/node_modules/deep',
  ]);
});

test('a nested package finds its dependencies further out', (t) => {
  t.deepEqual(moduleClosure(lock, ['left']), moduleClosure(lock, ['sdk']));
});

test('a dependency that the lock file lacks is an error that names both', (t) => {
  t.throws(() => moduleClosure(lock, ['broken']), { message: 'package-lock.json has no missing, which node_modules/broken needs' });
  t.throws(() => moduleClosure(lock, ['nowhere']), { message: /has no nowhere, which an image needs/ });
});

const files: [path: string, needed: boolean][] = [
  ['index.js', true],
  ['lib/schema.proto', true],
  ['package.json', true],
  ['LICENSE', true],
  ['index.d.ts', false],
  ['index.d.mts', false],
  ['src/index.ts', false],
  ['index.js.map', false],
  ['README.md', false],
  ['test/run.js', false],
  ['docs/api.json', false],
  ['node_modules/other/index.js', false],
  ['testing/index.js', true],
];
for (const [path, needed] of files) {
  test(`${path} of a package is ${needed ? 'kept' : 'left out'}`, (t) => {
    t.is(isNeeded(path), needed);
  });
}
