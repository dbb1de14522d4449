import { createInterface } from 'node:readline/promises';
import { runClusterJob } from '../backups/cluster-job.ts';
import { describeBytes } from '../backups/job-log.ts';
import { pauseServices, resumeServices } from '../backups/pause-services.ts';
import { repairApplications } from '../backups/repair-applications.ts';
import type { RepairedApplication } from '../backups/repair-applications.ts';
import { finishedRestoreSchema, loadedRestoreSchema, shownRestoreSchema } from '../backups/run-schemas.ts';
import { withCheckoutLock } from '../checkout-lock.ts';
import type { CliContext } from '../context.ts';
import { operatorClient } from '../operator-client.ts';
import { answersReady, platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable } from '../print.ts';
import { waitFor } from '../wait-for.ts';
import { clusterOf, teller } from './backup.ts';

export interface RestoreOptions {
  yes: boolean;
  /** Applications of the present platform that may be lost. */
  discard: string[];
  partial: boolean;
}

const readyMs = 180_000;

/**
 * `authsome restore RUN`: loads a backup into an empty platform, and makes its applications again. Whatever ends it, the same command goes on from
 * there; until the databases are in place the platform is what it was.
 *
 * @returns whether every application is as it should be
 */
export async function restore(context: CliContext, runId: string, options: RestoreOptions): Promise<boolean> {
  const command = `./authsome restore ${runId}`;
  if (context.interruption !== undefined) context.interruption.hint = `To go on: ${command}`;
  return withCheckoutLock(context, command, () => load(context, runId, options));
}

async function load(context: CliContext, runId: string, options: RestoreOptions): Promise<boolean> {
  const cluster = await clusterOf(context);
  const say = (line: string): void => void (context.json || console.log(line));
  const flags = [...options.discard.flatMap((id) => ['--discard', id]), ...(options.partial ? ['--partial'] : [])];
  const job = (task: string) => ({ ...cluster, cronJob: 'restore' as const, args: [task, runId, ...flags], onLine: teller(context) });

  say('Reading the backup…');
  const shown = await runClusterJob(job('restore-check'), shownRestoreSchema);
  if (!shown.loaded) await confirm(context, { shown, discard: options.discard, yes: options.yes });

  say('Pausing the services…');
  await pauseServices(cluster);
  say('Loading the databases…');
  const loaded = await runClusterJob({ ...job('restore-load'), whole: true }, loadedRestoreSchema).catch((cause: unknown) => {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${pausedHint(runId)}`, { cause });
  });
  say('Starting the services…');
  await resumeServices(cluster);
  const { control } = platformUrls(context);
  await waitFor(`the control API at ${control}`, async () => ((await answersReady(control)) ? true : undefined), { timeoutMs: readyMs });

  say(`Making ${loaded.applications.length} applications…`);
  const client = await operatorClient(context, control);
  // Side by side: databases of applications' own are loaded as soon as their stacks have made the servers.
  const [repairing, finishing] = await Promise.allSettled([
    repairApplications({ client, applications: loaded.applications.map(({ id }) => id), say }),
    runClusterJob(job('restore-finish'), finishedRestoreSchema),
  ]);
  if (repairing.status === 'rejected') throw repairing.reason;
  if (finishing.status === 'rejected') throw finishing.reason;
  const [repaired, finished] = [repairing.value, finishing.value];
  const outcomes = repaired.map((application) => withDatabase(application, finished.databases));
  if (context.json) printJson({ runId, applications: outcomes });
  else if (outcomes.length === 0) console.log('\nThe platform is restored; it has no applications.');
  else {
    console.log();
    printTable(
      ['APPLICATION', 'STATUS', 'PROBLEM'],
      outcomes.map(({ id, status, error }) => [id, status, error ?? '']),
    );
  }
  return outcomes.every(({ error }) => error === null);
}

/** `authsome restore --abandon`: starts the services of a platform whose restore was given up. */
export async function abandonRestore(context: CliContext): Promise<void> {
  await withCheckoutLock(context, './authsome restore --abandon', async () => resumeServices(await clusterOf(context)));
  if (!context.json) console.log('The services run again.');
}

async function confirm(
  context: CliContext,
  {
    shown,
    discard,
    yes,
  }: { shown: { runId: string; startedAt: string; databases: number; bytes: number; missing: string[] }; discard: string[]; yes: boolean },
): Promise<void> {
  if (!context.json) {
    console.log(`${shown.runId} of ${shown.startedAt}: ${shown.databases} databases, ${describeBytes(shown.bytes)}`);
    if (shown.missing.length > 0) console.log(`It lacks ${shown.missing.join(', ')}.`);
    console.log(
      `It replaces everything on this platform (${context.stack})${discard.length > 0 ? `, ${discard.join(', ')} included` : ''}.`,
    );
  }
  if (yes) return;
  if (context.json || !process.stdin.isTTY) throw new Error('Add --yes to restore without being asked');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // The prompt takes Ctrl-C for itself.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const answer = await terminal.question(`Type ${shown.runId} to go on: `).finally(() => terminal.close());
  if (answer.trim() !== shown.runId) throw new Error('Nothing was changed.');
}

function pausedHint(runId: string): string {
  return `The services are paused. \`./authsome restore ${runId}\` goes on; \`./authsome restore --abandon\` starts them as things are.`;
}

function withDatabase(application: RepairedApplication, databases: { applicationId: string; error: string | null }[]): RepairedApplication {
  const database = databases.find(({ applicationId }) => applicationId === application.id);
  return { ...application, error: application.error ?? database?.error ?? null };
}
