import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { lockFiles } from '../../cli/checkout-lock.ts';
import { createContext } from '../../cli/context.ts';
import type { CliContext } from '../../cli/context.ts';
import { platformNamespace } from '../../cli/platform/platform-urls.ts';
import { findKubectl } from '../../cli/platform/tools.ts';
import { createKubectl } from '../../cli/probe/cluster.ts';
import type { Kubectl } from '../../cli/probe/cluster.ts';
import { runVictim } from './cli/run-victim.ts';
import type { VictimEnd } from './cli/run-victim.ts';
import { until } from './until.ts';

const limitMs = 600_000;
const upSchema = z.object({
  changed: z.array(z.string()),
  drift: z.object({ recreated: z.array(z.string()), putBack: z.array(z.string()) }),
});
const statusSchema = z.array(z.object({ part: z.string(), healthy: z.boolean(), detail: z.string() }));

let context: CliContext;
let kubectl: Kubectl;
test.before(async () => {
  context = await createContext({});
  if (context.kind !== 'local') throw new Error('parts are deleted on the local cluster only: unset KUBECONFIG');
  kubectl = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
});
// Whatever happens, the next suite finds a whole platform.
test.after.always(async (t) => {
  t.timeout(limitMs);
  await authsome('up', '--no-demo');
});

function authsome(...args: string[]): Promise<VictimEnd> {
  const { repoRoot, stateDir } = context.paths;
  const command = [join(repoRoot, 'cli/main.ts'), ...args];
  return runVictim({ file: process.execPath, args: command, cwd: repoRoot, env: process.env, stateDir, timeoutMs: limitMs });
}

test.serial(
  'what was deleted or scaled by hand is named by status, healed by up, which says so, and then nothing has to change',
  async (t) => {
    t.timeout(limitMs);
    const change = async (...args: string[]): Promise<void> => {
      const { exitCode, stderr } = await kubectl([...args, '--namespace', platformNamespace(context)]);
      t.is(exitCode, 0, stderr);
    };
    await change('delete', 'deployment', 'proxy');
    await change('delete', 'service', 'control-api');
    await change('scale', 'deployment', 'provisioner', '--replicas=0');

    const status = await authsome('status', '--json');
    t.is(status.exitCode, 1);
    const parts = statusSchema.parse(JSON.parse(status.stdout)).filter(({ healthy }) => !healthy);
    for (const missing of ['Deployment proxy', 'Service control-api'])
      t.true(
        parts.some(({ part, detail }) => part.endsWith(missing) && detail.includes('./authsome up')),
        `${missing}: ${status.stdout}`,
      );
    t.true(
      parts.some(({ part, detail }) => part.endsWith('/provisioner') && detail.includes('./authsome up')),
      status.stdout,
    );

    const up = await authsome('up', '--no-demo', '--json');
    t.is(up.exitCode, 0, up.output);
    const { drift } = upSchema.parse(JSON.parse(up.stdout));
    t.deepEqual(drift.recreated.toSorted(), ['Deployment proxy', 'Service control-api']);
    t.true(
      drift.putBack.some((line) => line.startsWith('Deployment provisioner (')),
      up.stdout,
    );

    const again = await authsome('up', '--no-demo', '--json');
    t.deepEqual(upSchema.parse(JSON.parse(again.stdout)), { changed: [], drift: { recreated: [], putBack: [] } });
  },
);

test.serial('two commands at once: the second one is refused, names the first, and changes nothing', async (t) => {
  t.timeout(limitMs);
  const running = authsome('up', '--no-demo');
  const holder = join(context.paths.stateDir, lockFiles.holder);
  const begun = await until(() => readFile(holder, 'utf8'), { deadline: performance.now() + 30_000, intervalMs: 20 });
  t.regex(begun ?? '', /authsome up/);
  const second = await authsome('down', '--json');
  const first = await running;
  t.is(first.exitCode, 0, first.output);
  t.is(second.exitCode, 1, second.output);
  t.regex(second.stdout, /"code":"busy"/);
  t.regex(second.stdout, /\.\/authsome up` \(pid \d+/);
});
