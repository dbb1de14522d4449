import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execa } from 'execa';
import { z } from 'zod';
import { runSchema } from '../../cli/backups/run-schemas.ts';
import { waitFor } from '../../cli/wait-for.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { compareWithDump } from './loaded-dump.ts';
import { isWatched, value } from './monitoring.ts';
import { operator } from './operator.ts';
import { callApplication, deleteApplication, newApplication, newOwner, unique } from './platform-under-test.ts';

const repoRoot = join(import.meta.dirname, '../..');
const newestBackup = 'max(authsome_backup_last_success_timestamp_seconds)';

const authsome = (args: readonly string[]) =>
  execa(join(repoRoot, 'authsome'), args, { cwd: repoRoot, reject: false, stdin: 'ignore', timeout: 180_000 });

test('a backup holds the database of each plan with all its rows, on the shared server and on one of its own, is listed, and sets the age of the newest one back', async (t) => {
  t.timeout(600_000);
  const [paying, free] = await Promise.all([newOwner(), newOwner()]);
  await (await operator()).setPlan(paying.workspaceId, 'pro');
  const [pro, small] = await Promise.all([newApplication(paying), newApplication(free)]);
  try {
    for (const { id, publicKey } of [pro, small]) {
      const body = { email: `${unique()}@example.com`, password: 'correct horse battery staple' };
      t.is((await callApplication(id, '/auth/signup', { key: publicKey, body })).status, 201);
    }
    const startedAt = Date.now();
    const { stdout, stderr } = await authsome(['backup']);
    for (const { id } of [pro, small]) t.regex(stdout, new RegExp(`✔ ${tenantNames(id).database} \\d`), stderr);
    for (const database of ['authsome_control', 'authsome_state']) t.regex(stdout, new RegExp(`✔ ${database} \\d`));

    const runs = z.array(runSchema).parse(JSON.parse((await authsome(['backups', '--json'])).stdout));
    const run = runs.find(({ id }) => stdout.includes(id));
    t.is(run?.status, 'succeeded', JSON.stringify(run?.failures));
    await holdsAll(t, { runId: String(run?.id), appId: small.id });
    if (await isWatched())
      await waitFor('the metric', async () => (((await value(newestBackup)) ?? 0) * 1_000 >= startedAt - 1_000 ? true : undefined), {
        timeoutMs: 120_000,
        intervalMs: 2_000,
      });
  } finally {
    await Promise.all([deleteApplication(paying, pro.id), deleteApplication(free, small.id)]);
  }
});

/** Loaded beside its database, a dump has the same rows. Nobody else uses this application; of the control database only a part lies still. */
async function holdsAll(t: ExecutionContext, { runId, appId }: { runId: string; appId: string }): Promise<void> {
  const tenant = await compareWithDump('tenants-postgres', runId, tenantNames(appId).database);
  t.true(
    tenant.loaded.some((row) => /^user\|1:/.test(row)),
    tenant.loaded.join(', '),
  );
  t.deepEqual(tenant.loaded, tenant.live);
  const control = await compareWithDump('postgres', runId, 'authsome_control');
  const migrations = (rows: string[]): string[] => rows.filter((row) => row.startsWith('schema_migrations|'));
  t.deepEqual(migrations(control.loaded), migrations(control.live));
  t.true(control.loaded.some((row) => /^applications\|[1-9]/.test(row)));
}
