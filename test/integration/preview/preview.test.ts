import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { createContext } from '../../../cli/context.ts';
import { preparePulumi } from '../../../cli/platform/prepare-platform.ts';
import { pulumiEnvironment } from '../../../cli/platform/pulumi-environment.ts';
import { ensurePulumiTools } from '../../../cli/platform/tools.ts';
import { createReport } from '../../../cli/preview/preview-report.ts';
import type { PreviewReport } from '../../../cli/preview/preview-report.ts';
import { readPreview } from '../../../cli/preview/read-preview.ts';
import { withRehearsal } from '../../../cli/preview/rehearsal.ts';
import { repoRoot } from '../plugins/pulumi-fixture.ts';

/** Two versions of the program, deployed and previewed by the real engine, take their time beside the other tests. */
const timeoutMs = 240_000;

test.serial('CI’s script previews all three profiles without a cluster or credentials: nothing is refused, no policy broken', async (t) => {
  t.timeout(3 * timeoutMs);
  const reports = await mkdtemp(join(tmpdir(), 'authsome-reports-'));
  try {
    // A shell's own cluster, state and cloud are not touched: these would all fail.
    const env = { KUBECONFIG: '/nowhere', PULUMI_BACKEND_URL: undefined, AUTHSOME_PREVIEW_BASE: undefined, FORCE_COLOR: '0' };
    const { exitCode, all } = await execa(join(repoRoot, '.ci/preview'), [reports], { all: true, reject: false, stdin: 'ignore', env });
    t.is(exitCode, 0, all);
    for (const profile of ['local', 'staging', 'production']) {
      const report = await readFile(join(reports, `${profile}.md`), 'utf8');
      t.regex(report, new RegExp(`^<!-- authsome-preview:${profile} -->\n### ✅`));
      t.regex(report, /create StatefulSet\/postgres/);
    }
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
});

test.serial(
  'a changed size of a volume or name of the namespace is refused, by the names of what would be lost; an allowed one is not',
  async (t) => {
    t.timeout(timeoutMs);
    const plan = await planChange({
      namespace: 'authsome-other',
      data: { nats: { storage: '33Gi' } },
      workloads: { proxy: { replicas: 7 } },
    });
    const report = (...allowedNames: string[]): PreviewReport =>
      createReport({ profile: 'production', baseline: { kind: 'nothing' }, elapsedSeconds: 0, plan, allowedNames });
    const names = (losses: readonly { name: string }[]): string[] => losses.map(({ name }) => name).sort();
    const { guard, ok } = report('StatefulSet/nats');
    t.false(ok);
    t.deepEqual(names(guard.refused), [
      'Namespace/platform',
      'PersistentVolumeClaim/backups',
      // Metrics, silences, traces and logs are data too, though nobody's only copy of anything.
      ...['alertmanager', 'jaeger', 'loki', 'postgres', 'prometheus', 'redis', 'tenants-postgres'].map((name) => `StatefulSet/${name}`),
    ]);
    t.deepEqual(names(guard.allowed), ['StatefulSet/nats']);
    t.true(guard.allowed[0]?.because.some((path) => path.endsWith('resources.requests.storage')));
    t.true(report(...names(guard.refused), 'StatefulSet/nats').ok);
    // Secrets that the deployed version made are in the plan's resources, and in no report.
    t.notRegex(JSON.stringify(plan), /postgres:\/\//);
  },
);

test.serial('a change that loses nothing is shown field by field, and nothing else with it', async (t) => {
  t.timeout(timeoutMs);
  const plan = await planChange({ regions: ['us-east-1'] });
  const { changes, ok } = createReport({ profile: 'production', baseline: { kind: 'nothing' }, elapsedSeconds: 0, plan, allowedNames: [] });
  t.true(ok);
  t.deepEqual(
    changes.map(({ op, kind, name }) => `${op} ${kind}/${name}`),
    ['update Deployment/control-api'],
  );
  t.like(changes[0]?.fields, [{ before: '"us-east-1,eu-west-1"', after: '"us-east-1"', replaces: false }]);
});

/** What the engine would do to a production platform of this version if these settings were changed. */
async function planChange(settings: object) {
  const context = await createContext({ profile: 'production' });
  const quiet = (): void => undefined;
  const programs = await preparePulumi(context, await ensurePulumiTools(context, quiet), quiet);
  const env = await pulumiEnvironment(context, programs);
  const changed = await mkdtemp(join(tmpdir(), 'authsome-changed-'));
  try {
    const images = Object.fromEntries(
      ['control-api', 'provisioner', 'proxy', 'instance', 'backup', 'postgres', 'redis', 'nats'].map((name) => [
        name,
        `registry.example.com/${name}:1.0`,
      ]),
    );
    const options = { pulumi: programs.pulumi, stack: 'production', nodeModules: join(repoRoot, 'node_modules'), env, images };
    return await withRehearsal(options, async ({ openProject, deploy, env: rehearsalEnv }) => {
      await deploy(await openProject(repoRoot));
      for (const path of ['platform', 'stacks', 'Pulumi.yaml', 'package.json'])
        await cp(join(repoRoot, path), join(changed, path), { recursive: true });
      // Node looks for packages from where the program really is.
      await symlink(options.nodeModules, join(changed, 'node_modules'));
      await changeSettings(join(changed, 'stacks/Pulumi.production.yaml'), settings);
      return readPreview({ pulumi: programs.pulumi, cwd: await openProject(changed), stack: 'production', env: rehearsalEnv });
    });
  } finally {
    await rm(changed, { recursive: true, force: true });
  }
}

async function changeSettings(file: string, settings: object): Promise<void> {
  const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(parse(await readFile(file, 'utf8')));
  await writeFile(file, stringify({ config: { ...config, 'authsome:settings': settings } }));
}
