import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { extract } from 'tar-stream';
import type { LayerEntry } from '../../../toolchain/images/layer.ts';
import { completeEntries, writeLayer } from '../../../toolchain/images/layer.ts';

const withFolder = test.macro(async (t, run: (t: ExecutionContext, folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-layer-test-'));
  try {
    await run(t, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const entries: LayerEntry[] = [
  { path: 'usr/bin/tool', type: 'file', mode: 0o755, content: 'tool' },
  { path: 'app/main.mjs', type: 'file', mode: 0o644, content: 'export {};', uid: 5, gid: 6 },
  { path: 'bin/sh', type: 'symlink', target: '/bin/busybox' },
  { path: 'tmp', type: 'directory', mode: 0o1777 },
];

test('the same entries give the same bytes, in any order', withFolder, async (t, folder) => {
  const first = await writeLayer(entries, join(folder, 'a'));
  const second = await writeLayer(entries.toReversed(), join(folder, 'b'));
  t.deepEqual(first, second);
  t.deepEqual(await readFile(join(folder, 'a')), await readFile(join(folder, 'b')));
});

test(
  'a file read from disk and the same content in memory give the same layer, whatever the time of the file',
  withFolder,
  async (t, folder) => {
    const source = join(folder, 'source');
    await writeFile(source, 'tool');
    await utimes(source, 1, 1);
    const fromDisk = await writeLayer([{ path: 'tool', type: 'file', mode: 0o755, source }], join(folder, 'a'));
    const fromMemory = await writeLayer([{ path: 'tool', type: 'file', mode: 0o755, content: 'tool' }], join(folder, 'b'));
    t.deepEqual(fromDisk, fromMemory);
  },
);

test('a changed mode, owner or byte gives another layer', withFolder, async (t, folder) => {
  const variants: LayerEntry[] = [
    { path: 'tool', type: 'file', mode: 0o755, content: 'tool' },
    { path: 'tool', type: 'file', mode: 0o644, content: 'tool' },
    { path: 'tool', type: 'file', mode: 0o755, content: 'tooL' },
    { path: 'tool', type: 'file', mode: 0o755, content: 'tool', uid: 1 },
  ];
  const digests = new Set<string>();
  for (const variant of variants) digests.add((await writeLayer([variant], join(folder, 'layer'))).digest);
  t.is(digests.size, variants.length);
});

test('an archive holds parents before children, no time, and the owners given', withFolder, async (t, folder) => {
  const file = join(folder, 'layer');
  await writeLayer(entries, file);
  const headers = await readHeaders(file);
  t.deepEqual(
    headers.map(({ name }) => name),
    ['app/', 'app/main.mjs', 'bin/', 'bin/sh', 'tmp/', 'usr/', 'usr/bin/', 'usr/bin/tool'],
  );
  t.true(headers.every(({ mtime }) => mtime?.getTime() === 0));
  t.like(
    headers.find(({ name }) => name === 'app/main.mjs'),
    { uid: 5, gid: 6, mode: 0o644 },
  );
  t.is(headers.find(({ name }) => name === 'tmp/')?.mode, 0o1777);
});

test('two entries for one path are refused', (t) => {
  const twice: LayerEntry[] = [
    { path: 'a', type: 'directory', mode: 0o755 },
    { path: 'a', type: 'symlink', target: 'b' },
  ];
  t.throws(() => completeEntries(twice), { message: 'two entries for a' });
});

for (const path of ['/etc/passwd', '../escape', 'a/../../b', '', 'a//b', './a']) {
  test(`a path that is not inside the image is refused: '${path}'`, (t) => {
    t.throws(() => completeEntries([{ path, type: 'directory', mode: 0o755 }]), { message: /^not a path inside an image/ });
  });
}

async function readHeaders(file: string): Promise<{ name: string; mtime?: Date; uid?: number; gid?: number; mode?: number }[]> {
  const headers: { name: string }[] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    headers.push(header);
    stream.on('end', next);
    stream.resume();
  });
  reader.end(await readFile(file));
  await new Promise<void>((resolve, reject) => reader.on('finish', () => resolve()).on('error', reject));
  return headers;
}
