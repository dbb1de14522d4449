import { stateOf } from '../../shared/application-state.ts';
import type { ApplicationState } from '../../shared/application-state.ts';
import type { DriftChange, EventType, RemovedThing } from '../../shared/db/tables.ts';
import type { DeletionRow, DriftRow, EventRow, InspectedApplication } from '../stores/inspection-store.ts';
import type { AttemptRow, OperationRow } from '../stores/operation-store.ts';
import { presentApplication } from './present-application.ts';
import type { ApplicationView } from './present-application.ts';
import { presentOperation } from './present-operation.ts';
import type { AttemptView, OperationView } from './present-operation.ts';

/** All that an operator needs to know of an application, and none of its secrets. */
export interface InspectionView extends ApplicationView {
  workspace: { id: string; name: string; plan: string; deletedAt: string | null };
  state: ApplicationState & { revision: number; publishedRevision: number };
  namespace: string | null;
  internalUrl: string | null;
  programVersion: string | null;
  deletedAt: string | null;
  /** The newest first. */
  operations: InspectedOperationView[];
  drift: DriftView | null;
  deletion: DeletionView | null;
  /** The newest first. */
  events: EventView[];
}

interface InspectedOperationView extends Omit<OperationView, 'attempts'> {
  attempts: (AttemptView & { worker: string; phase: string; heartbeatAt: string; overdueAt: string | null })[];
}

export interface DriftView {
  applicationId: string;
  generation: number;
  changes: DriftChange[];
  error: string | null;
  checkedAt: string;
}

export interface DeletionView {
  applicationId: string;
  workspaceId: string;
  name: string;
  slug: string;
  removed: RemovedThing[];
  /** Where it was looked after the removal; nothing was there. */
  verified: RemovedThing[];
  requestedAt: string | null;
  verifiedAt: string;
}

interface EventView {
  id: string;
  type: EventType;
  /** The attempt that led to it. */
  attemptId: string | null;
  data: Record<string, unknown>;
  createdAt: string;
}

export interface Inspection {
  application: InspectedApplication;
  operations: OperationRow[];
  drift: DriftRow | undefined;
  deletion: DeletionRow | undefined;
  events: EventRow[];
}

export function presentInspection(
  { application, operations, drift, deletion, events }: Inspection,
  { customerApiUrl }: { customerApiUrl: string },
): InspectionView {
  const { workspace_id: id, workspace_name: name, plan, workspace_deleted_at: workspaceDeletedAt } = application;
  return {
    ...presentApplication(application, { customerApiUrl }),
    workspace: { id, name, plan, deletedAt: workspaceDeletedAt?.toISOString() ?? null },
    state: { ...stateOf(application), revision: application.revision, publishedRevision: application.published_revision },
    namespace: application.namespace,
    internalUrl: application.internal_url,
    programVersion: application.program_version,
    deletedAt: application.deleted_at?.toISOString() ?? null,
    operations: operations.map(presentInspected),
    drift: drift ? presentDrift(drift) : null,
    deletion: deletion ? presentDeletion(deletion) : null,
    events: events.map(presentEvent),
  };
}

export function presentDrift(row: DriftRow): DriftView {
  const { application_id: applicationId, generation, changes, error, checked_at: checkedAt } = row;
  return { applicationId, generation, changes, error, checkedAt: checkedAt.toISOString() };
}

export function presentDeletion(row: DeletionRow): DeletionView {
  const { application_id: applicationId, workspace_id: workspaceId, name, slug, removed, verified } = row;
  return {
    ...{ applicationId, workspaceId, name, slug, removed, verified },
    requestedAt: row.requested_at?.toISOString() ?? null,
    verifiedAt: row.verified_at.toISOString(),
  };
}

function presentInspected(row: OperationRow): InspectedOperationView {
  const view = presentOperation(row);
  return { ...view, attempts: view.attempts.map((attempt, index) => ({ ...attempt, ...inspect(row.attemptRows[index] as AttemptRow) })) };
}

const inspect = ({ worker, phase, heartbeat_at, overdue_at }: AttemptRow) => ({
  ...{ worker, phase, heartbeatAt: new Date(heartbeat_at).toISOString() },
  overdueAt: overdue_at === null ? null : new Date(overdue_at).toISOString(),
});

function presentEvent({ id, type, operation_id: attemptId, data, created_at: createdAt }: EventRow): EventView {
  return { id, type, attemptId, data, createdAt: createdAt.toISOString() };
}
