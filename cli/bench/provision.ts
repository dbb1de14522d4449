import { runCommand } from '../../toolchain/tools/run-command.ts';
import type { CliContext } from '../context.ts';
import { operatorClient } from '../operator-client.ts';
import { platformNamespace, platformUrls } from '../platform/platform-urls.ts';
import { findTools } from '../platform/tools.ts';
import { signUpBenchOwner } from './bench-owner.ts';
import { readConcurrency, setConcurrency } from './provision/concurrency.ts';
import { measureNoOps } from './provision/measure-no-ops.ts';
import { measureThroughput } from './provision/measure-throughput.ts';
import type { Throughput } from './provision/measure-throughput.ts';
import type { ProvisionBench } from './provision/provision-bench.ts';
import { TenantGroup } from './provision/tenant-group.ts';
import { runMeasurement } from './run-measurement.ts';

/** Of the worker: the alternatives are measured in the same run. */
const concurrencies = [1, 2, 4] as const;
/** Making the servers and 1,000 stacks' rows, and rounds of some 20 s. */
const backendTimeoutMs = 600_000;

/**
 * Tenants per minute and the worker's memory by its concurrency, what an operation takes that changes nothing, and what 1,000 stacks in one
 * state database cost. Leaves the platform as it was: the worker's concurrency is put back, and the tenants are removed.
 */
export async function benchProvision(context: CliContext): Promise<object> {
  if (context.kind === 'external') throw new Error('bench provision reads the memory of the local cluster: unset KUBECONFIG');
  const pulumi = (await findTools(context)).path('pulumi');
  const stacks = await runMeasurement(context, {
    script: 'test/bench/provision/measure-stacks.ts',
    args: [pulumi],
    timeoutMs: backendTimeoutMs,
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  const bench = await openBench(context, stop.signal);
  const before = await readConcurrency(bench);
  try {
    const throughput: Throughput[] = [];
    for (const concurrency of concurrencies) throughput.push(await measureThroughput(bench, concurrency));
    await setConcurrency(bench, before);
    const noOp = await measureNoOps(bench);
    return { throughput: throughput.map((figures) => ({ ...figures, ratio: ratio(figures, throughput[0]) })), noOp, stacks };
  } finally {
    // Each, whatever becomes of the other.
    const ends = await Promise.allSettled([setConcurrency(bench, before), bench.tenants.destroyAll()]);
    for (const end of ends) if (end.status === 'rejected') console.error(`the platform is not as it was: ${String(end.reason)}`);
  }
}

async function openBench(context: CliContext, stop: AbortSignal): Promise<ProvisionBench> {
  const kubectl = (await findTools(context)).path('kubectl');
  const { control } = platformUrls(context);
  return {
    cluster: context.cluster,
    namespace: platformNamespace(context),
    operator: await operatorClient(context, control),
    tenants: new TenantGroup({ signUp: () => signUpBenchOwner(control), stop }),
    kubectl: (args) => runCommand(kubectl, ['--kubeconfig', context.kubeconfig, ...args], { timeout: 200_000 }),
  };
}

/** Next to a worker that does one operation at a time. */
function ratio({ tenantsPerMinute }: Throughput, alone: Throughput | undefined): number {
  return Math.round((tenantsPerMinute / (alone?.tenantsPerMinute ?? Number.NaN)) * 100) / 100;
}
