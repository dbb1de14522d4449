import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { tryAll } from './run-property.ts';

/** Texts that have broken somebody's parser, query, log or comparison. */
const texts = [
  ...['', ' ', '\t\r\n', '\0', 'a\0b', '\ud800', 'a\udc00b', '\u202e', '\ufeff', '\u2028', '\x7f', '\x1b[31m'],
  ...[`' or '1'='1`, `'; drop table "user"; --`, String.raw`\'; select 1; --`, '%', '_', '%_%', '\\', '$1', '?', ':id'],
  ...['../../etc/passwd', '..%2f..%2f', '%00', '%zz', '${7*7}', '{{7*7}}', '<script>alert(1)</script>', 'a\r\nX-Injected: 1'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON', 'null', 'undefined', 'true', 'NaN'],
  ...['1e400', '-0', '-1', '0x10', '1_000', '9'.repeat(400), '１２', '²', '2026-02-30T00:00:00Z', '+275760-09-13T00:00:00.001Z'],
  ...['e\u0301', '\ufb00', 'ſ', '\u212a', 'İ', 'аdmin', '👩‍👩‍👧', '𝒜', 'ß', 'a@b', 'a@b.c', `${'a'.repeat(64)}@${'b'.repeat(190)}.example`],
  ...[
    'http://',
    'javascript:alert(1)',
    'https://a@b@c',
    'http://[::1]:99999',
    'data:,x',
    '//evil.example',
    'https://evil.example\\@a.example',
  ],
  ...['x'.repeat(101), 'x'.repeat(300), 'x'.repeat(5_000), '😀'.repeat(64), 'a '.repeat(200), `${'a'.repeat(200)}!`, '('.repeat(100)],
];

export const hostileText: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 80 }) },
  // UTF-16 units alone, so with halves of characters.
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)) },
);

const nested = (depth: number, open: string, close: string): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** JSON values as text, since half of what is hostile can't be written by JSON.stringify. */
const jsonTokens = [
  ...['null', 'true', '0', '-0', '1.5', '-1', '1e400', '-1e400', '5e-324', '9007199254740993', '2147483648', '9'.repeat(400)],
  ...['[]', '{}', '""', '[null]', '[[]]', '{"":1}', '["a","a"]', '[{"a":1}]'],
  ...[String.raw`"\u0000"`, String.raw`"\ud800"`, String.raw`"\udc00\ud800"`, String.raw`{"\u0000":1}`, String.raw`{"a":"\ud800"}`],
  ...['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '{"toJSON":1,"then":1}', '{"a":1,"a":2}'],
  ...[8, 60, 400, 1_500].flatMap((depth) => [nested(depth, '[', ']'), nested(depth, '{"a":', '}')]),
  ...[
    `[${'0,'.repeat(1_500)}0]`,
    JSON.stringify('x'.repeat(20_000)),
    JSON.stringify(Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`k${i}`, i]))),
  ],
];

const tokens = [...jsonTokens, ...texts.map((text) => JSON.stringify(text))];
/** What PostgreSQL, JSON and comparisons bear least. */
const worstTokens = [
  ...[String.raw`"a\u0000"`, String.raw`"a\ud800"`, String.raw`{"a":"\ud800"}`, String.raw`{"\u0000":1}`, '1e400', '-1', '[]', 'null'],
  ...[nested(400, '{"a":', '}'), nested(1_500, '[', ']'), JSON.stringify('x'.repeat(5_000)), '{"__proto__":{"polluted":true}}'],
];

/** For the so-many-th field that is tried with one value at a time: the worst, and a part of the others. */
export const tokensFor = (field: number): string[] => [...worstTokens, ...partFor(tokens, field)];

/** Fields take turns with the parts of a list, so that each value is tried often and no field with all of them. */
const parts = 8;
function partFor(list: readonly string[], field: number): string[] {
  return list.filter((_, index) => tryAll || index % parts === field % parts);
}

export const hostileToken: Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...jsonTokens) },
  { weight: 3, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
);

/** Bodies that are no JSON object of known fields. */
export const hostileBody: Arbitrary<Buffer> = fc.oneof(
  fc
    .constantFrom('', ' ', 'null', '[]', '""', '{', '{"a":', '{}garbage', '{"a":1,}', "{'a':1}", '\ufeff{}', 'a=b&c=d', '<a/>', '{"a":NaN}')
    .map((text) => Buffer.from(text)),
  fc.constantFrom(Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), Buffer.from('7b2261223a22c328227d', 'hex'), Buffer.from('eda080', 'hex')),
  fc.constantFrom('['.repeat(10_000), '{"a":'.repeat(3_000), `"${'x'.repeat(70_000)}"`).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  hostileToken.map((text) => Buffer.from(text)),
);

const malformedParts = [
  '%',
  '%2',
  '%zz',
  '%00',
  '%ff',
  '%c0%80',
  '%ed%a0%80',
  '%2f',
  '%2e%2e%2f',
  '..',
  '.',
  ';a=b',
  '%25%30%30',
  '*',
  '|b{c}^d',
  '[]',
  '"',
  '<',
  '`',
  '\\',
];

/** A part of a path or a query: percent-encoded as it should be, byte by byte as it should not, or not at all. */
export const hostilePart: Arbitrary<string> = fc.oneof(hostileText.map(encode), fc.constantFrom(...malformedParts));

/** As `tokensFor`. */
export const partsFor = (parameter: number): string[] => [
  '%00',
  'a%00b',
  '%ff',
  '%',
  ...partFor([...malformedParts, ...texts.map(encode)], parameter),
];

/** encodeURIComponent throws at half a character; browsers send U+FFFD instead. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Bytes that Node lets into a header's value. */
export const hostileHeader: Arbitrary<string> = fc.oneof(
  hostileText.map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 4_000)),
  fc.constantFrom(
    'Bearer',
    'Bearer ',
    'bearer a b',
    'Basic YTpi',
    'Bearer null',
    `Bearer ${'a'.repeat(3_000)}`,
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    ',',
    ';',
    '=',
    '"',
  ),
);
