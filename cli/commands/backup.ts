import { z } from 'zod';
import { runClusterJob } from '../backups/cluster-job.ts';
import { describeBytes, describeLine } from '../backups/job-log.ts';
import type { JobLine } from '../backups/job-log.ts';
import { runSchema } from '../backups/run-schemas.ts';
import type { BackupRun } from '../backups/run-schemas.ts';
import { withCheckoutLock } from '../checkout-lock.ts';
import type { CliContext } from '../context.ts';
import { platformNamespace } from '../platform/platform-urls.ts';
import { checkCluster } from '../platform/remembered-cluster.ts';
import { findKubectl } from '../platform/tools.ts';
import { printJson, printTable } from '../print.ts';
import { createKubectl } from '../probe/cluster.ts';

/**
 * `authsome backup`: takes a backup now, and waits for it.
 *
 * @returns whether every database is in it
 */
export async function backup(context: CliContext): Promise<boolean> {
  if (context.interruption !== undefined) context.interruption.hint = 'The backup goes on in the cluster. To follow it: ./authsome backup';
  const run = await withCheckoutLock(context, './authsome backup', async () =>
    runClusterJob({ ...(await clusterOf(context)), cronJob: 'backup', args: ['run'], onLine: teller(context) }, runSchema),
  );
  if (context.json) printJson(run);
  else console.log(`\n${run.id} ${run.status}: ${run.databases} databases, ${describeBytes(run.bytes)}`);
  return run.status === 'succeeded';
}

/** `authsome backups`: what there is to restore, newest first, as it is at the target. */
export async function backups(context: CliContext): Promise<void> {
  const onLine = teller(context);
  const runs = await runClusterJob({ ...(await clusterOf(context)), cronJob: 'backup', args: ['list'], onLine }, z.array(runSchema));
  if (context.json) printJson(runs);
  else if (runs.length === 0) console.log('There is no backup yet: ./authsome backup takes one.');
  else
    printTable(
      ['BACKUP', 'STARTED', 'STATUS', 'DATABASES', 'SIZE', 'MISSING'],
      runs.map(({ id, startedAt, status, databases, bytes, failures }: BackupRun) => [
        ...[id, startedAt, status, String(databases), describeBytes(bytes)],
        failures.map(({ database }) => database).join(', '),
      ]),
    );
}

/** @throws WrongClusterError, ClusterUnreachableError */
export async function clusterOf(context: CliContext) {
  await checkCluster(context);
  const kubectl = createKubectl({ program: await findKubectl(context), kubeconfig: context.kubeconfig });
  return { kubectl, namespace: platformNamespace(context) };
}

/** Tells a person how a job goes on. */
export function teller(context: CliContext): (line: JobLine) => void {
  return (line) => {
    const text = describeLine(line);
    if (text !== undefined && !context.json) console.log(text);
  };
}
