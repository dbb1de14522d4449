import type { CliContext } from '../context.ts';
import type { Workspace } from '../control-client.ts';
import { operatorClient } from '../operator-client.ts';
import { accountClient, ownerClient } from '../owner.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable } from '../print.ts';

export async function listWorkspaces(context: CliContext, filter: { deleted: boolean }): Promise<void> {
  const client = accountClient(context, platformUrls(context).control);
  const workspaces = await client.workspaces(filter);
  if (context.json) return printJson(workspaces);
  printWorkspaces(workspaces);
}

export async function createWorkspace(context: CliContext, name: string): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const workspace = await client.createWorkspace(name);
  if (context.json) return printJson(workspace);
  printWorkspaces([workspace]);
}

/** Deletes a workspace for its grace period; its applications are suspended. */
export async function deleteWorkspace(context: CliContext, id: string): Promise<void> {
  const client = accountClient(context, platformUrls(context).control);
  await client.deleteWorkspace(id);
  const destroyAfter = (await client.workspaces({ deleted: true })).find((workspace) => workspace.id === id)?.destroyAfter ?? null;
  if (context.json) return printJson({ id, destroyAfter });
  console.log(`${id} is deleted; ./authsome workspace restore ${id} brings it back until ${destroyAfter ?? 'its grace period is over'}`);
}

export async function restoreWorkspace(context: CliContext, id: string): Promise<void> {
  const client = accountClient(context, platformUrls(context).control);
  const workspace = await client.restoreWorkspace(id);
  if (context.json) return printJson(workspace);
  printWorkspaces([workspace]);
}

/** Puts a workspace on a plan, as the platform's operator. Its applications are brought to it in the background. */
export async function setWorkspacePlan(context: CliContext, id: string, plan: string): Promise<void> {
  const { control } = platformUrls(context);
  const client = await operatorClient(context, control);
  const workspace = await client.setPlan(id, plan);
  if (context.json) return printJson(workspace);
  console.log(`${workspace.id} is on ${workspace.plan} (it was on ${workspace.previousPlan})`);
  for (const applicationId of workspace.updating) console.log(`${applicationId} is updated`);
}

function printWorkspaces(workspaces: readonly Workspace[]): void {
  printTable(
    ['ID', 'NAME', 'PLAN', 'ROLE', 'CREATED', 'DESTROYED AFTER'],
    workspaces.map(({ id, name, plan, role, createdAt, destroyAfter }) => [id, name, plan, role, createdAt, destroyAfter ?? '']),
  );
}
