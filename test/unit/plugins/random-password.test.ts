import { compare } from 'bcryptjs';
import test from 'ava';
import fc from 'fast-check';
import { randomId } from '../../../toolchain/plugins/random/random-id.ts';
import { generatePassword, randomPassword } from '../../../toolchain/plugins/random/random-password.ts';

import type { CheckFailure } from '../../../toolchain/plugins/shared/property-schema.ts';
import type { Properties } from '../../../toolchain/plugins/shared/wire-values.ts';

const context = { signal: new AbortController().signal, timeoutMs: 1_000 };
const all = { lower: true, upper: true, special: true };

test('a password has the length and the minimum of each class that were asked for', (t) => {
  const minimum = fc.integer({ min: 0, max: 5 });
  const property = fc.property(
    minimum,
    minimum,
    minimum,
    minimum,
    fc.integer({ min: 20, max: 60 }),
    (minLower, minUpper, minNumeric, minSpecial, length) => {
      const password = generatePassword({ ...all, length, minLower, minUpper, minNumeric, minSpecial });
      const count = (pattern: RegExp): number => password.match(pattern)?.length ?? 0;
      return (
        password.length === length &&
        count(/[a-z]/g) >= minLower &&
        count(/[A-Z]/g) >= minUpper &&
        count(/[0-9]/g) >= minNumeric &&
        count(/[^a-zA-Z0-9]/g) >= minSpecial
      );
    },
  );
  t.notThrows(() => fc.assert(property));
});

test('classes that are off, and special characters of one’s own', (t) => {
  t.regex(generatePassword({ length: 200, lower: true, upper: false, numeric: false, special: false }), /^[a-z]{200}$/);
  t.regex(
    generatePassword({ length: 200, lower: false, upper: false, numeric: false, special: true, overrideSpecial: '_-' }),
    /^[_-]{200}$/,
  );
  t.notRegex(generatePassword({ ...all, length: 200, number: false }), /[0-9]/);
});

test('the bcrypt hash is the password’s, and both are secrets', async (t) => {
  const { id, state } = await randomPassword.create({}, { ...all, length: 24 }, context);
  t.is(id, 'none');
  t.true(await compare(state['result'] as string, state['bcryptHash'] as string));
  t.true(randomPassword.outputs['result']?.secret);
  t.true(randomPassword.outputs['bcryptHash']?.secret);
});

test('a minimum above the length, and no class at all, are refused by name', (t) => {
  const check = (properties: Properties): CheckFailure[] => randomPassword.checkRules?.(properties) ?? [];
  t.is(check({ ...all, length: 3, minLower: 4 })[0]?.property, 'length');
  t.is(check({ length: 3, numeric: false })[0]?.property, 'special');
});

test('a random id is the same bytes in four encodings, after its prefix', async (t) => {
  const { id, state } = await randomId.create({}, { byteLength: 8, prefix: 'a-' }, context);
  const bytes = Buffer.from(id, 'base64url');
  t.is(bytes.length, 8);
  t.like(state, {
    hex: `a-${bytes.toString('hex')}`,
    b64Std: `a-${bytes.toString('base64')}`,
    b64Url: `a-${id}`,
    dec: `a-${bytes.readBigUInt64BE()}`,
  });
});
