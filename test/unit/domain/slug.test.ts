import test from 'ava';
import fc from 'fast-check';
import { slugFrom } from '../../../domain/slug.ts';

const gives = test.macro((t, name: string, slug: string) => t.is(slugFrom(name, 63), slug));
test('words are joined by hyphens', gives, 'My  Web-Shop 2!', 'my-web-shop-2');
test('accents are left out', gives, 'Café Émilie', 'cafe-emilie');
test('an accent that is a character of its own is left out', gives, 'E\u0301milie', 'emilie');
test('full-width letters are letters', gives, 'ＡＢＣ１', 'abc1');
test('of other scripts nothing is left', gives, '日本語', '');
test('of an empty name nothing is left', gives, ' -- ', '');
test('a long name is cut', gives, 'a'.repeat(80), 'a'.repeat(63));
test('a cut leaves no hyphen at the end', gives, `${'a'.repeat(62)} b`, 'a'.repeat(62));

test('whatever the name, the slug is one that the control API takes, or empty', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 63 }), (name, length) => {
      const slug = slugFrom(name, length);
      return slug.length <= length && (slug === '' || /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(slug));
    }),
  );
  t.pass();
});
