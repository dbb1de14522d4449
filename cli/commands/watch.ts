import type { CliContext } from '../context.ts';
import type { ControlClient, Operation } from '../control-client.ts';
import { ownerClient } from '../owner.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson } from '../print.ts';
import { followOperation } from '../watch/follow-operation.ts';
import { createLiveDisplay, createPlainDisplay } from '../watch/operation-view.ts';
import type { OperationDisplay } from '../watch/operation-view.ts';

/**
 * `authsome tenant watch`: an operation of an application, the newest unless one is named, as it goes. A live view on a terminal, plain lines
 * elsewhere; with `--json` only the operation as it ended.
 *
 * @returns whether it succeeded
 */
export async function watchTenant(context: CliContext, applicationId: string, operationId: string | undefined): Promise<boolean> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const id = operationId ?? (await newestOperation(client, applicationId));
  const display = createDisplay(context);
  const operation = await followOperation({ client, applicationId, operationId: id, listener: display.listener }).finally(() =>
    display.close(),
  );
  if (context.json) printJson(operation);
  else console.log(describeEnd(operation));
  return operation.status === 'succeeded';
}

async function newestOperation(client: ControlClient, applicationId: string): Promise<string> {
  const [newest] = await client.operations(applicationId, { limit: 1 });
  if (newest === undefined) throw new Error(`application ${applicationId} has no operation`);
  return newest.id;
}

function createDisplay({ json }: CliContext): OperationDisplay {
  if (json) return createPlainDisplay(() => undefined);
  return process.stdout.isTTY ? createLiveDisplay(process.stdout) : createPlainDisplay((line) => console.log(line));
}

function describeEnd({ id, status, createdAt, finishedAt, error }: Operation): string {
  const seconds = ((finishedAt === null ? Date.now() : Date.parse(finishedAt)) - Date.parse(createdAt)) / 1000;
  const end = `${id} ${status} after ${seconds.toFixed(1)} s`;
  return error === null ? end : `${end}: ${error.code}: ${error.message}${error.remedy === null ? '' : `\n${error.remedy}`}`;
}
