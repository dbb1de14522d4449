import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * AVA runs this in each test file's process before the file. The runner of the suites (cli/tests) gives it a folder, and learns from it which
 * files are under way: AVA reports finished tests only, and a file that hangs has none.
 */
const folder = process.env['AUTHSOME_TEST_PROGRESS'];
if (folder !== undefined) {
  const { default: test } = await import('ava');
  const file = path.join(folder, String(process.pid));
  writeFileSync(file, path.relative(process.cwd(), decodeURIComponent(new URL(test.meta.file).pathname)));
  // Not on an end by a signal: that is how a file ends that hangs.
  process.once('exit', () => rmSync(file, { force: true }));
}
