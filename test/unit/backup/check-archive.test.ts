import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { checkArchive } from '../../../services/backup/postgres/check-archive.ts';

/** More than a pipe holds. */
const chunks = Array.from({ length: 16 }, (_, index) => Buffer.alloc(1 << 16, index));
const written = { bytes: 16 << 16, sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex') };

/** A pg_restore that does what the script says. */
function programs(t: ExecutionContext, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsome-programs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'pg_restore'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'pg_restore'), 0o755);
  return folder;
}

test('an archive is good although pg_restore ends well before its input does', async (t) => {
  for (const script of ['exit 0', 'exec head -c 100000 > /dev/null', 'exec cat > /dev/null']) {
    const binDir = programs(t, script);
    await t.notThrowsAsync(checkArchive(Readable.from(chunks), written, { binDir }), script);
  }
});

test('an archive is read to its end whatever pieces it comes in', async (t) => {
  t.timeout(20_000);
  const whole = Buffer.concat(chunks);
  // As a network has them: some small enough that several wait for the program at once.
  const pieces: Buffer[] = [];
  for (let [from, size] = [0, 1]; from < whole.length; from += size, size = ((size * 7) % 30_011) + 1)
    pieces.push(whole.subarray(from, from + size));
  await t.notThrowsAsync(checkArchive(Readable.from(pieces), written, { binDir: programs(t, 'exec cat > /dev/null') }));
});

test('an archive whose rest is damaged is found out, although pg_restore has not read it', async (t) => {
  const binDir = programs(t, 'exit 0');
  const damaged = [...chunks.slice(0, -1), Buffer.alloc(1 << 16, 99)];
  await t.throwsAsync(checkArchive(Readable.from(damaged), written, { binDir }), { message: /not what was written/ });
  await t.throwsAsync(checkArchive(Readable.from(chunks.slice(1)), written, { binDir }), { message: /not what was written/ });
});

test('an archive that pg_restore can not read is told with its reason', async (t) => {
  for (const script of ['echo "no such type" >&2; exit 1', 'cat > /dev/null; echo "no such type" >&2; exit 1'])
    await t.throwsAsync(checkArchive(Readable.from(chunks), written, { binDir: programs(t, script) }), { message: /no such type/ });
});

test('an archive that can not be read from its target is told, and pg_restore ends', async (t) => {
  const binDir = programs(t, 'exec cat > /dev/null');
  async function* cutOff() {
    yield* chunks.slice(0, 2);
    await Promise.reject(new Error('the target is gone'));
  }
  await t.throwsAsync(checkArchive(Readable.from(cutOff()), written, { binDir }), { message: 'the target is gone' });
});

test('a target that has fallen silent does not hold up a check that is stopped', async (t) => {
  t.timeout(20_000);
  const silent = new Readable({ read: () => undefined });
  silent.push(chunks[0]);
  const options = { binDir: programs(t, 'exec cat > /dev/null'), signal: AbortSignal.timeout(100) };
  await t.throwsAsync(checkArchive(silent, written, options), { name: 'AbortError' });
  t.true(silent.destroyed);
});
