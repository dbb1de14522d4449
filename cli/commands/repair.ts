import type { CliContext } from '../context.ts';
import { operatorClient } from '../operator-client.ts';
import type { OperatorClient } from '../operator-client.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable } from '../print.ts';

/** @returns whether nothing needs a repair */
export async function listRepairs(context: CliContext): Promise<boolean> {
  const { data, total } = await (await clientOf(context)).repairs();
  if (context.json) printJson(data);
  else if (total === 0) console.log('Nothing needs a repair.');
  else {
    printTable(
      ['APPLICATION', 'NAME', 'PROBLEM', 'OPERATION', 'KIND', 'PHASE', 'ATTEMPTS', 'SINCE', 'CAUSE'],
      data.map(({ applicationId, name, problem, operationId, kind, phase, attempts, since, cause }) => [
        ...[applicationId, name, problem, operationId, kind, phase ?? '', String(attempts), since],
        cause === null ? '' : `${cause.code}: ${cause.message}`,
      ]),
    );
    for (const { applicationId, remedy } of data) if (remedy !== null) console.log(`${applicationId}: ${remedy}`);
    if (total > data.length) console.log(`and ${total - data.length} more`);
  }
  return total === 0;
}

export async function showRepair(context: CliContext, id: string): Promise<void> {
  const found = await (await clientOf(context)).inspect(id);
  if (context.json) return printJson(found);
  const { state, workspace, failure, drift, deletion } = found;
  printTable(
    ['', ''],
    [
      ['id', found.id],
      ['name', found.name],
      ['workspace', `${workspace.id} ${workspace.name} (${workspace.plan})`],
      ['status', found.status],
      ['desired', `${state.desired}${found.suspensions.length > 0 ? ` (${found.suspensions.join(', ')})` : ''}`],
      ['generation', `${state.generation}, the stack is at ${state.observedGeneration}`],
      ['serving', String(state.serving)],
      ['namespace', found.namespace ?? ''],
      ['failure', failure ? `${failure.code}: ${failure.message}` : ''],
      ['drift', drift === null ? 'not looked at' : `${drift.error ?? `${drift.changes.length} changes`} (${drift.checkedAt})`],
      ...(deletion === null ? [] : [['deleted', `verified ${deletion.verifiedAt}`]]),
    ],
  );
  console.log();
  printTable(
    ['OPERATION', 'KIND', 'STATUS', 'WORKER', 'PHASE', 'ERROR'],
    found.operations.flatMap(({ id: operationId, kind, status, error, attempts }) => [
      [operationId, kind, status, '', '', error === null ? '' : `${error.code}: ${error.message}`],
      ...attempts.map((attempt) => [`  ${attempt.id}`, '', attempt.status, attempt.worker, attempt.phase, '']),
    ]),
  );
  console.log();
  printTable(
    ['EVENT', 'AT'],
    found.events.map(({ type, createdAt }) => [type, createdAt]),
  );
}

export async function retryApplication(context: CliContext, id: string): Promise<void> {
  const commanded = await (await clientOf(context)).command(id, 'retry');
  if (context.json) return printJson(commanded);
  console.log(`${commanded.id} ${commanded.status}: ${commanded.operationId}`);
}

/**
 * Shows what is not as its stack wants it, or has one application's stack repaired.
 *
 * @returns whether nothing is, or the repair was begun
 */
export async function drift(context: CliContext, { fix }: { fix?: string | undefined }): Promise<boolean> {
  const client = await clientOf(context);
  if (fix !== undefined) {
    const commanded = await client.command(fix, 'repair');
    if (context.json) printJson(commanded);
    else console.log(`${commanded.id} ${commanded.status}: ${commanded.operationId}`);
    return true;
  }
  const { data, total } = await client.drift();
  if (context.json) printJson(data);
  else if (total === 0) console.log('Nothing has drifted.');
  else
    printTable(
      ['APPLICATION', 'CHECKED', 'CHANGE', 'RESOURCE', 'FIELDS'],
      data.flatMap(({ applicationId, checkedAt, error, changes }) => [
        ...(error === null ? [] : [[applicationId, checkedAt, 'not looked at', error, '']]),
        ...changes.map(({ change, resourceType, resourceName, fields }) => [
          ...[applicationId, checkedAt, change, `${resourceType} ${resourceName}`],
          fields.join(', '),
        ]),
      ]),
    );
  return total === 0;
}

/** The proof that an application is gone. */
export async function showDeletion(context: CliContext, id: string): Promise<void> {
  const deletion = await (await clientOf(context)).deletion(id);
  if (context.json) return printJson(deletion);
  const { name, slug, requestedAt, verifiedAt, removed, verified } = deletion;
  console.log(`${id} (${name}, ${slug}) was deleted: asked for ${requestedAt ?? '-'}, verified ${verifiedAt}\n`);
  printTable(
    ['', 'KIND', 'NAME'],
    [
      ...removed.map((thing) => ['removed', thing.kind, thing.name]),
      ...verified.map((thing) => ['looked for and not found', thing.kind, thing.name]),
    ],
  );
}

function clientOf(context: CliContext): Promise<OperatorClient> {
  return operatorClient(context, platformUrls(context).control);
}
