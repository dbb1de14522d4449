import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createAtomically, writeAtomically } from '../../../toolchain/write-atomically.ts';

function folder(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'authsome-write-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('a reader never sees half of a file, and no draft is left', async (t) => {
  const directory = folder(t);
  const file = path.join(directory, 'state.json');
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(200_000));
  await writeAtomically(file, texts[0] ?? '');
  const writing = Promise.all(texts.map((text) => writeAtomically(file, text)));
  let done = false;
  void writing.then(() => (done = true));
  while (!done) {
    t.true(texts.includes(readFileSync(file, 'utf8')));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writing;
  t.deepEqual(readdirSync(directory), ['state.json']);
  t.is(statSync(file).mode & 0o777, 0o600);
});

test('of many that create a file at once, one does, and the others see its whole text', async (t) => {
  const file = path.join(folder(t), 'passphrase');
  const texts = Array.from({ length: 10 }, (_, index) => `passphrase-${index}`);
  const created = await Promise.all(texts.map((text) => createAtomically(file, text)));
  t.is(created.filter(Boolean).length, 1);
  t.is(readFileSync(file, 'utf8'), texts[created.indexOf(true)] ?? 'none');
});
