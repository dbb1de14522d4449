import test from 'ava';
import { parseBytes, parseCpu } from '../../../tenant-program/quantity.ts';

for (const [text, millis] of [
  ['1', 1_000],
  ['0.5', 500],
  ['250m', 250],
  ['1.5', 1_500],
  ['', undefined],
  ['1Gi', undefined],
  ['-1', undefined],
  ['1 ', undefined],
  ['m', undefined],
] as const)
  test(`${JSON.stringify(text)} is ${millis} thousandths of a processor`, (t) => {
    t.is(parseCpu(text), millis);
  });

for (const [text, bytes] of [
  ['1024', 1_024],
  ['512Mi', 512 * 2 ** 20],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['2G', 2e9],
  ['1Ti', 2 ** 40],
  ['1gi', undefined],
  ['Gi', undefined],
  ['100m', undefined],
] as const)
  test(`${JSON.stringify(text)} is ${bytes} bytes`, (t) => {
    t.is(parseBytes(text), bytes);
  });
