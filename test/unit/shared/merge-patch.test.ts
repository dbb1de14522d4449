import test from 'ava';
import { mergePatch } from '../../../services/shared/merge-patch.ts';

// The examples of RFC 7396, appendix A: document, patch, result.
const examples: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
for (const [document, patch, result] of examples) {
  test(`${JSON.stringify(document)} patched with ${JSON.stringify(patch)}`, (t) => {
    const before = structuredClone([document, patch]);
    t.deepEqual(mergePatch(document, patch), result);
    t.deepEqual([document, patch], before, 'neither is changed');
  });
}

test('names that every object inherits are names like any other', (t) => {
  const patch: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"a":1},"toString":null}');
  const merged = mergePatch({ b: 2 }, patch) as object;
  t.is(Object.getPrototypeOf(merged), Object.prototype);
  t.is(({} as { polluted?: boolean }).polluted, undefined);
  t.deepEqual(Object.getOwnPropertyNames(merged).sort(), ['__proto__', 'b', 'constructor']);
  t.deepEqual((merged as { constructor: unknown }).constructor, { a: 1 });
});

test('a patch nested as deep as a body can be does not exhaust the stack', (t) => {
  const depth = 60_000;
  const patch = Array.from({ length: depth }).reduce<unknown>((inner) => ({ a: inner }), 1);
  t.notThrows(() => mergePatch({}, patch));
});
