import test from 'ava';
import fc from 'fast-check';
import { decodeUtf8, findBadUtf8, findUrlFault } from '../../../domain/decode-text.ts';
import { textReasons } from '../../../domain/text.ts';

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test('bytes that are not UTF-8 are no text', (t) => {
  for (const bytes of ['\xff', 'a\xc3', '\xed\xa0\x80', '\xc0\x80', '\xf4\x90\x80\x80']) t.is(decodeUtf8(latin1(bytes)), undefined);
  t.is(decodeUtf8(new TextEncoder().encode('Ольга 🦉')), 'Ольга 🦉');
});

const names = test.macro((t, body: string, field: string) => {
  t.deepEqual(findBadUtf8(latin1(body)), { field, reason: textReasons.notUtf8 });
});
test('the field with bad bytes is named', names, '{"a":1,"b":{"c":["x","\xe9"]}}', 'b.c.1');
test('a field whose name has bad bytes is named as far as it can be', names, '{"a":{"b\xe9":1}}', 'a.b\ufffd');
test('a mark for bad bytes that is in the text as such is not taken for them', names, '{"a":"\xef\xbf\xbd","b":"\\ufffd","c":"\xff"}', 'c');
test('without a field it is the body', names, '"\xff"', 'body');
test('bad bytes outside of a text are the body’s', names, '{\xff}', 'body');

const refuses = test.macro((t, url: string, field: string, reason: string) => {
  t.deepEqual(findUrlFault(url), { field, reason });
});
test('NUL in a path', refuses, '/users/%00', 'path', textReasons.nul);
test('bytes in a path', refuses, '/users/%ff?a=b', 'path', textReasons.notUtf8);
test('a surrogate in a path', refuses, '/users/%ED%A0%80', 'path', textReasons.notUtf8);
test('NUL in a parameter', refuses, '/users?page=1&search=a%00b', 'search', textReasons.nul);
test('bytes in a parameter', refuses, '/users?search=%C3', 'search', textReasons.notUtf8);
test('a character that is not escaped', refuses, '/users?search=\xe9', 'search', 'must be percent-encoded');
test('bytes in a parameter’s name', refuses, '/users?%ff=1', '\ufffd', textReasons.notUtf8);
test('a parameter without a name', refuses, '/users?=%00', 'query', textReasons.nul);

test('a URL that browsers send is taken', (t) => {
  for (const url of ['/', '/users?', '/users?search=100%', '/a%zzb?x=%zz', '/a%20b?c=%D0%9E%D0%BB&d=e+f', '/a?b=|{c}^`d', '/a?&&=']) {
    t.is(findUrlFault(url), undefined, url);
  }
});

test('every text that can be stored is taken, escaped as browsers do', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const fault = findUrlFault(`/a?${new URLSearchParams({ search: text }).toString()}`);
      return text.includes('\0') ? fault?.reason === textReasons.nul : fault === undefined;
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});
