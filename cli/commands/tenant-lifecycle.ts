import { waitUntilAtRest } from '../application-readiness.ts';
import type { CliContext } from '../context.ts';
import { ownerClient } from '../owner.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable, secondsBetween } from '../print.ts';

/** What changes an application's life, and where it comes to rest then. */
const commands = { restart: 'active', suspend: 'suspended', resume: 'active', restore: 'active' } as const;
export type TenantCommand = keyof typeof commands;

export async function commandTenant(context: CliContext, id: string, name: TenantCommand, { wait }: { wait: boolean }): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const commanded = await client.command(id, name);
  // Resumed or restored, it may be suspended for another reason still.
  const status = commanded.status === 'suspended' ? 'suspended' : commands[name];
  const application = wait ? await waitUntilAtRest(client, id, { status }) : undefined;
  if (context.json) return printJson({ ...commanded, ...application });
  console.log(`${id} ${(application ?? commanded).status}`);
}

export interface DeleteTenantOptions {
  /** For good, with all data, instead of for the grace period. */
  now: boolean;
  /** Wait until it is taken down, or gone. */
  wait: boolean;
}

export async function deleteTenant(context: CliContext, id: string, { now, wait }: DeleteTenantOptions): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const deleted = await (now ? client.destroyApplication(id) : client.deleteApplication(id));
  // One that never ran has nothing that could be restored: it is gone at once.
  const restorable = deleted.destroyAfter !== null;
  if (wait) await waitUntilAtRest(client, id, { status: restorable ? 'deleting' : 'deleted' });
  const status = wait && !restorable ? 'deleted' : deleted.status;
  if (context.json) return printJson({ id, status, destroyAfter: deleted.destroyAfter, operationId: deleted.operationId });
  console.log(
    restorable ? `${id} is deleted; ./authsome tenant restore ${id} brings it back until ${deleted.destroyAfter}` : `${id} ${status}`,
  );
}

export async function listOperations(context: CliContext, id: string): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const operations = await client.operations(id);
  if (context.json) return printJson(operations);
  printTable(
    ['OPERATION', 'KIND', 'STATUS', 'PHASE', 'ATTEMPTS', 'CREATED', 'SECONDS', 'ERROR'],
    operations.map(({ id: operationId, kind, status, phase, attempts, createdAt, finishedAt, error }) => [
      ...[operationId, kind, status, phase, String(attempts.length), createdAt, secondsBetween(createdAt, finishedAt)],
      error === null ? '' : `${error.code}: ${error.message}`,
    ]),
  );
}

export async function cancelOperation(context: CliContext, id: string, operationId: string): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const operation = await client.cancelOperation(id, operationId);
  if (context.json) return printJson(operation);
  console.log(`${operation.id} ${operation.status === 'running' ? 'is asked to stop' : operation.status}`);
}
