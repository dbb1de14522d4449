import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';

const root = join(import.meta.dirname, '..', '..', '..');
const page = await readFile(join(root, 'docs', 'limits.md'), 'utf8');

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (?:what|-+) +\|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', bound = '', place = '', held = '']) => ({ what, bound, place, held }));

test('the page has a row for each bound', (t) => t.true(rows.length > 35, String(rows.length)));

for (const { what, bound, place, held } of rows) {
  test(`${what}: the bound is where the page says, and so is its test`, async (t) => {
    const source = await readFile(join(root, place.replaceAll('`', '')), 'utf8');
    for (const [, code = ''] of bound.matchAll(/`([^`]+)`/g)) {
      // Reasons of a refusal are words of the answer.
      if (code !== 'busy' && code !== 'leftOut') t.true(source.includes(code), `${code} in ${place}`);
    }
    const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(held) ?? [];
    t.true((await readFile(join(root, file), 'utf8')).includes(title), `"${title}" in ${file}`);
  });
}
