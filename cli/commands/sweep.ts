import type { CliContext } from '../context.ts';
import { operatorClient } from '../operator-client.ts';
import type { CommandedByOperator, OperatorClient, Sweep } from '../operator-client.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable } from '../print.ts';
import { waitFor } from '../wait-for.ts';

/** A sweep looks at every application, and with a repair destroys stacks, which takes minutes. */
const timeoutMs = 900_000;
const intervalMs = 1_000;

/**
 * `authsome repair sweep`: has the platform look for what belongs to no application and for what an application lacks. With `fix`, orphans are
 * removed by the sweep, and what is missing is made anew by a repair of its application.
 *
 * @returns whether everything is in order, or being repaired
 */
export async function sweep(context: CliContext, { fix }: { fix: boolean }): Promise<boolean> {
  const client = await operatorClient(context, platformUrls(context).control);
  const { id } = await client.requestSweep({ repair: fix });
  const done = await waitUntilDone(client, id);
  const repairs = fix ? await repairIncomplete(client, done) : [];
  if (context.json) printJson({ ...done, repairs });
  else print(done, repairs);
  return fix ? repairs.every(({ error }) => error === null) : done.findings.length === 0;
}

async function waitUntilDone(client: OperatorClient, id: string): Promise<Sweep> {
  const done = await waitFor(
    `sweep ${id}`,
    async () => {
      const found = await client.sweep(id);
      return found.status === 'finished' || found.status === 'failed' ? found : undefined;
    },
    { timeoutMs, intervalMs },
  );
  if (done.status === 'failed') throw new Error(`sweep ${id} failed: ${done.error ?? 'for a reason it does not tell'}`);
  return done;
}

interface RequestedRepair {
  applicationId: string;
  operationId: string | null;
  error: string | null;
}

/** One that can't be repaired, as it was deleted meanwhile, does not keep the others from it. */
async function repairIncomplete(client: OperatorClient, { findings }: Sweep): Promise<RequestedRepair[]> {
  const incomplete = new Set(findings.filter(({ problem }) => problem === 'missing').map(({ applicationId }) => applicationId));
  const repairs: RequestedRepair[] = [];
  for (const applicationId of incomplete) {
    const answer = await client.command(applicationId, 'repair').catch((error: unknown) => describe(error));
    repairs.push({ applicationId, ...outcomeOf(answer) });
  }
  return repairs;
}

function outcomeOf(answer: CommandedByOperator | string): { operationId: string | null; error: string | null } {
  return typeof answer === 'string' ? { operationId: null, error: answer } : { operationId: answer.operationId, error: null };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function print({ id, findings }: Sweep, repairs: readonly RequestedRepair[]): void {
  if (findings.length === 0) return console.log(`${id}: everything that is there belongs to an application, and nothing is missing.`);
  printTable(
    ['PROBLEM', 'KIND', 'NAME', 'APPLICATION', 'OUTCOME'],
    findings.map(({ problem, kind, name, applicationId, outcome }) => [problem, kind, name, applicationId, outcome ?? '']),
  );
  for (const { applicationId, operationId, error } of repairs) console.log(`${applicationId}: ${error ?? `repair ${operationId}`}`);
}
