import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';

const repoRoot = join(import.meta.dirname, '..', '..');

/** Runs a command of the CLI as an operator would, and returns its answer. */
async function authsome(args: readonly string[]): Promise<{ exitCode: number | undefined; answer: unknown }> {
  const { exitCode, stdout, stderr } = await execa(join(repoRoot, 'authsome'), ['--json', ...args], {
    cwd: repoRoot,
    stdin: 'ignore',
    timeout: 180_000,
    reject: false,
  });
  if (stdout.trim() === '') throw new Error(`authsome ${args.join(' ')} wrote nothing: ${stderr}`);
  return { exitCode, answer: JSON.parse(stdout) };
}

test.serial('a second up changes nothing', async (t) => {
  t.timeout(200_000);
  const { exitCode, answer } = await authsome(['up', '--no-demo']);
  t.is(exitCode, 0);
  t.deepEqual((answer as { changed: string[] }).changed, []);
});

test.serial('pulumi preview works on the platform stack directly, and finds nothing to do after up', async (t) => {
  t.timeout(300_000);
  const { answer } = await authsome(['env']);
  const preview = await execa('pulumi', ['preview', '--stack', 'local', '--expect-no-changes', '--non-interactive', '--diff'], {
    cwd: repoRoot,
    env: answer as Record<string, string>,
    stdin: 'ignore',
    timeout: 180_000,
    reject: false,
    all: true,
  });
  t.is(preview.exitCode, 0, preview.all);
});

test.serial('status finds every part of the platform healthy, the cluster and the front doors included', async (t) => {
  t.timeout(60_000);
  const { answer } = await authsome(['status']);
  const parts = answer as { part: string; healthy: boolean; detail: string }[];
  // Tenants of other tests come and go; their workloads are not the platform's.
  const platform = parts.filter(({ part }) => !part.startsWith('authsome-app-'));
  t.deepEqual(
    platform.filter(({ healthy }) => !healthy),
    [],
  );
  for (const part of ['kube-apiserver', 'authsome-system/proxy', 'control API', 'customer API']) {
    t.true(
      platform.some((found) => found.part === part),
      `${part} is not shown`,
    );
  }
});

test.serial('a command that cannot be done says why and exits 1', async (t) => {
  t.timeout(60_000);
  const { exitCode, answer } = await authsome(['tenant', 'show', 'app_doesnotexist1']);
  t.is(exitCode, 1);
  t.regex((answer as { error: { message: string } }).error.message, /not.found|no such/i);
});
