import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { getPriority as ownPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { startChild } from '../../../services/provisioner/start-child.ts';

/** Waits for its request, as an operation's child does, and then starts a process of its own. */
const program = `
  const { spawnSync } = require('node:child_process');
  const os = require('node:os');
  process.stdin.once('data', () => {
    const own = spawnSync(process.execPath, ['-p', 'os.getPriority()'], { encoding: 'utf8' }).stdout.trim();
    console.log(os.getPriority() + ' ' + own);
    process.exit(0);
  });`;

test('a child of the background has the lowest priority, and so has all that it starts', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'authsome-child-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const entry = path.join(folder, 'child.cjs');
  await writeFile(entry, program);
  for (const [background, priorities] of [
    [true, '19 19'],
    [false, `${ownPriority()} ${ownPriority()}`],
  ] as const) {
    const child = startChild({ entry, env: {}, background });
    child.stdin.write('go\n');
    t.is((await text(child.stdout)).trim(), priorities);
    await child.ended;
  }
});
