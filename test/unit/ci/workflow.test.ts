import { access, constants, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';

const repoRoot = resolve(import.meta.dirname, '../../..');

const stepSchema = z
  .object({ uses: z.string().optional(), run: z.string().optional(), with: z.record(z.string(), z.unknown()).default({}) })
  .loose();
const jobSchema = z.object({
  'timeout-minutes': z.int(),
  permissions: z.record(z.string(), z.string()),
  steps: z.array(stepSchema),
});
const workflowSchema = z.object({
  permissions: z.object({}).strict(),
  concurrency: z.object({ group: z.string() }).loose(),
  on: z.object({ push: z.object({ branches: z.array(z.string()) }), pull_request: z.null() }),
  jobs: z.record(z.string(), jobSchema),
});

const workflow = workflowSchema.parse(parse(await readFile(join(repoRoot, '.github/workflows/ci.yml'), 'utf8')));
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const commands = (job: string): string => (workflow.jobs[job]?.steps ?? []).map(({ run }) => run ?? '').join('\n');

test('the workflow calls the scripts that run without it as well', async (t) => {
  t.regex(commands('test'), /(^|\s)\.ci\/run$/m);
  t.regex(commands('preview'), /(^|\s)\.ci\/preview "\$REPORTS"$/m);
  for (const script of ['.ci/run', '.ci/preview']) await t.notThrowsAsync(access(join(repoRoot, script), constants.X_OK), script);
});

test('every action is pinned to a commit', (t) => {
  const actions = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
  t.true(actions.length > 0);
  for (const action of actions) t.regex(action, /^actions\/[a-z-]+@[0-9a-f]{40}$/);
});

test('no job may do more than it needs, and the one that may write runs nothing of the pull request', (t) => {
  const permissions = Object.fromEntries(Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions]));
  t.deepEqual(permissions, {
    test: { contents: 'read' },
    preview: { contents: 'read' },
    comment: { 'pull-requests': 'write' },
  });
  t.false((workflow.jobs['comment']?.steps ?? []).some(({ uses }) => uses?.startsWith('actions/checkout') === true));
});

test('a checkout leaves no token behind, and what others wrote becomes no part of a script', (t) => {
  for (const { uses, with: given, run } of steps) {
    if (uses?.startsWith('actions/checkout') === true) t.is(given['persist-credentials'], false);
    t.notRegex(run ?? '', /\$\{\{/);
  }
});
