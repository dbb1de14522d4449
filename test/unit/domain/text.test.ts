import test from 'ava';
import fc from 'fast-check';
import { cutText, fieldName, findTextFault, maxJsonDepth, storable, textReasons } from '../../../domain/text.ts';

const finds = test.macro({
  title: (what) => `found: ${what ?? ''}`,
  exec(t, value: unknown, path: (string | number)[], reason: string) {
    t.deepEqual(findTextFault(value), { path, reason });
  },
});

test('NUL in a text', finds, 'a\0', [], textReasons.nul);
test('NUL in a list', finds, { a: [1, 'b', '\0'] }, ['a', 2], textReasons.nul);
test('NUL in a field’s name', finds, { a: { '\0': 1 } }, ['a', '\0'], textReasons.nul);
test('the first half of a character', finds, { a: '\ud83e' }, ['a'], textReasons.halfCharacter);
test('the second half of a character', finds, { a: '\udd89b' }, ['a'], textReasons.halfCharacter);
test('halves in the wrong order', finds, '\udd89\ud83e', [], textReasons.halfCharacter);
test('half a character in a field’s name', finds, { '\ud83e': 1 }, ['\ud83e'], textReasons.halfCharacter);

const nested = (levels: number): unknown => JSON.parse(`${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`);
test('a value is as deep as the bound, and no deeper', (t) => {
  t.is(findTextFault(nested(maxJsonDepth)), undefined);
  t.deepEqual(findTextFault({ top: nested(maxJsonDepth) }), { path: ['top'], reason: textReasons.depth });
});
test('a value that no stack holds is too deep, not an error', (t) => {
  t.is(findTextFault(nested(200_000))?.reason, textReasons.depth);
});

test('text of every script is taken', (t) => {
  for (const text of ['', 'Émilie', 'E\u0301milie', 'Ольга', '日本語', '🦉', '\n\t', '\u{10ffff}', '\ufffd', '\ufeff']) {
    t.is(findTextFault({ [text]: [text] }), undefined, JSON.stringify(text));
  }
});

test('a value is refused if, and only if, a text in it can not be stored', (t) => {
  const anyText = fc.string({ unit: fc.constantFrom('a', '\0', '\ud83e', '\udd89', '🦉', 'é', '"', '\\') });
  const value = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, anyText, fc.integer(), fc.constant(null), fc.array(tie('node')), fc.dictionary(anyText, tie('node'))),
  })).node;
  fc.assert(
    fc.property(value, (json) => {
      const written = JSON.stringify(json);
      const bad = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(written);
      return (findTextFault(json) !== undefined) === bad;
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('the name of a field can be stored and shown whatever it is, and is bounded', (t) => {
  t.is(fieldName(['metadata', 'tags', 0]), 'metadata.tags.0');
  t.is(fieldName(['a\0b', '\ud83e']), 'a\ufffdb.\ufffd');
  t.is(fieldName([`${'a'.repeat(199)}🦉`]), `${'a'.repeat(199)}\ufffd`);
});

test('what another program says can be stored', (t) => {
  t.is(storable('a\0b\ud83e 🦉'), 'a\ufffdb\ufffd 🦉');
});

test('a cut never leaves half a character', (t) => {
  t.is(cutText('ab🦉c', 3), 'ab');
  t.is(cutText('ab🦉c', 4), 'ab🦉');
  t.is(cutText('ab🦉', 4), 'ab🦉');
  t.is(cutText('abc', 5), 'abc');
  t.is(cutText('abc', 2), 'ab');
});
