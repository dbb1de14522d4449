import type { EventType, Executor } from '../shared/db/tables.ts';
import { newId } from '../shared/ids.ts';

export interface NewEvent {
  type: EventType;
  workspaceId: string;
  applicationId: string;
  /** The attempt that led to it. */
  operationId: string;
  /** Shown to the owner: no internals. */
  data: Record<string, unknown>;
}

/** Writes down what happened to an application, in the transaction in which it happens: webhooks and e-mails are sent of these rows. */
export async function recordEvent(tx: Executor, { type, workspaceId, applicationId, operationId, data }: NewEvent): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      ...{ id: newId('evt'), type, workspace_id: workspaceId, application_id: applicationId, operation_id: operationId },
      data: JSON.stringify(data),
    })
    .execute();
}
