import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { z } from 'zod';

const repoRoot = join(import.meta.dirname, '../..');
const previewMs = 240_000;

const reportSchema = z.object({
  ok: z.boolean(),
  baseline: z.object({ kind: z.string() }),
  counts: z.object({ create: z.int(), update: z.int(), replace: z.int(), delete: z.int(), same: z.int() }),
  changes: z.array(z.unknown()),
});

test('after up, a preview of the deployed platform has nothing to change and refuses nothing', async (t) => {
  t.timeout(previewMs + 10_000);
  const launcher = join(repoRoot, 'authsome');
  const { exitCode, stdout, stderr } = await execa(launcher, ['preview', '--json'], {
    cwd: repoRoot,
    reject: false,
    stdin: 'ignore',
    timeout: previewMs,
  });
  t.is(exitCode, 0, stderr);
  const { ok, baseline, counts, changes } = reportSchema.parse(JSON.parse(stdout));
  t.true(ok);
  // Compared with nothing, it would prove nothing.
  t.is(baseline.kind, 'deployed');
  t.true(counts.same > 50, JSON.stringify(counts));
  t.deepEqual({ ...counts, same: 0, changes }, { create: 0, update: 0, replace: 0, delete: 0, same: 0, changes: [] });
});
