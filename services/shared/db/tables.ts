import type { ColumnType, Generated, JSONColumnType, Kysely, Transaction } from 'kysely';
import type { Desired, OperationKind, SuspensionReason } from '../application-state.ts';
import type { AppSettings, SealedConfigSecrets } from '../config-secrets.ts';
import type { DatabaseTier, Plan } from '../plans.ts';
import type { AppStatus } from '../routes/route.ts';

/** A time that the database sets where it is not given. */
type CreatedTime = ColumnType<Date, Date | undefined, Date>;

export interface WorkspacesTable {
  id: string;
  name: string;
  plan: Generated<Plan>;
  metadata: JSONColumnType<Record<string, unknown>, string | undefined>;
  created_at: CreatedTime;
  updated_at: CreatedTime;
  deleted_at: Date | null;
  destroy_after: Date | null;
}

export const memberRoles = ['owner', 'admin', 'developer', 'billing', 'viewer'] as const;
export type MemberRole = (typeof memberRoles)[number];

export interface MembersTable {
  id: string;
  workspace_id: string;
  user_id: string;
  role: MemberRole;
  created_at: CreatedTime;
}

export type AppEnvironment = 'production' | 'staging' | 'development';

/** Why an application is `failed`: shown to its owner, so it holds no internals. */
export interface AppFailure {
  code: string;
  message: string;
  /** The operation (its job) that failed last. */
  operationId?: string;
}

/** Why an attempt failed. */
export interface OperationError {
  code: string;
  message: string;
  /** What a person can do about it. */
  remedy?: string;
  retryable?: boolean;
  unclean?: boolean;
}

export interface ApplicationsTable {
  id: string;
  workspace_id: string;
  name: string;
  slug: string;
  environment: AppEnvironment;
  region: string;
  status: Generated<AppStatus>;
  desired: Generated<Desired>;
  suspensions: Generated<SuspensionReason[]>;
  serving: Generated<boolean>;
  generation: Generated<number>;
  observed_generation: Generated<number>;
  config: JSONColumnType<AppSettings, string, string>;
  sealed_config_secrets: JSONColumnType<SealedConfigSecrets, string | undefined, string>;
  /** Of config; the database makes it. Null in a configuration without the setting. */
  allowed_origins: ColumnType<string[] | null, never, never>;
  database_tier: Generated<DatabaseTier>;
  internal_url: string | null;
  namespace: string | null;
  sealed_outputs: string | null;
  sealed_instance_token: string | null;
  program_version: string | null;
  failure: JSONColumnType<AppFailure, string | null | undefined, string | null> | null;
  revision: Generated<number>;
  published_revision: Generated<number>;
  /** routeFormat of the code that published it. */
  published_format: Generated<number>;
  created_at: CreatedTime;
  updated_at: CreatedTime;
  active_at: Date | null;
  restarted_at: Date | null;
  destroy_after: Date | null;
  deleted_at: Date | null;
}

export interface ApiKeysTable {
  id: string;
  application_id: string;
  name: string;
  type: 'public' | 'secret';
  prefix: string;
  hash: string;
  scopes: string[];
  created_at: CreatedTime;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'superseded' | 'dead' | 'cancelled';

export interface JobsTable {
  id: string;
  application_id: string;
  kind: OperationKind;
  generation: number;
  status: Generated<JobStatus>;
  attempts: Generated<number>;
  max_attempts: Generated<number>;
  run_after: CreatedTime;
  published_at: Date | null;
  created_at: CreatedTime;
  cancel_requested_at: Date | null;
  finished_at: Date | null;
  trace_parent: string | null;
  error: JSONColumnType<OperationError, string | null | undefined, string | null> | null;
}

export interface OperationPhase {
  name: string;
  startedAt: string;
  endedAt: string | null;
}

export interface OperationProgress {
  created?: number;
  updated?: number;
  deleted?: number;
  same?: number;
  lastResource?: string;
}

export interface OperationsTable {
  id: string;
  application_id: string;
  job_id: string;
  kind: OperationKind;
  generation: number;
  status: Generated<'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled'>;
  worker: string;
  fencing_token: ColumnType<number, never, never>;
  heartbeat_at: CreatedTime;
  phase: string;
  phases: JSONColumnType<OperationPhase[], string | undefined, string>;
  progress: JSONColumnType<OperationProgress, string | undefined, string>;
  error: JSONColumnType<OperationError, string | null | undefined, string | null> | null;
  started_at: CreatedTime;
  overdue_at: Date | null;
  finished_at: Date | null;
}

/** One step of the engine on one resource. */
export interface OperationEventsTable {
  operation_id: string;
  sequence: number;
  at: Date;
  change: string;
  resource_type: string;
  resource_name: string;
  status: 'started' | 'done' | 'failed';
}

export type EventType = 'application.provisioned' | 'application.failed' | 'application.deleted';

/** What webhooks and e-mails are sent of. */
export interface EventsTable {
  id: string;
  sequence: ColumnType<number, never, never>;
  type: EventType;
  workspace_id: string;
  application_id: string;
  operation_id: string | null;
  data: JSONColumnType<Record<string, unknown>, string | undefined, string>;
  created_at: CreatedTime;
}

/** A thing that an application had, or has no more. */
export interface RemovedThing {
  kind: string;
  name: string;
}

export interface DeletionRecordsTable {
  application_id: string;
  workspace_id: string;
  name: string;
  slug: string;
  removed: JSONColumnType<RemovedThing[], string, string>;
  verified: JSONColumnType<RemovedThing[], string, string>;
  requested_at: Date | null;
  verified_at: CreatedTime;
}

/** orphan: belongs to no application that is to have it; missing: an application lacks it. */
export interface SweepFinding {
  kind: 'stack' | 'namespace' | 'volume' | 'database' | 'role' | 'route';
  name: string;
  applicationId: string;
  problem: 'orphan' | 'missing';
  /** What a repair has done about it, or why it has not. */
  outcome: string | null;
}

export interface SweepsTable {
  id: string;
  status: Generated<'queued' | 'running' | 'finished' | 'failed'>;
  repair: Generated<boolean>;
  worker: string | null;
  findings: JSONColumnType<SweepFinding[], string | undefined, string>;
  error: string | null;
  created_at: CreatedTime;
  started_at: Date | null;
  finished_at: Date | null;
}

/** A resource that is not as the stack's program wants it. */
export interface DriftChange {
  change: string;
  resourceType: string;
  resourceName: string;
  fields: string[];
}

export interface DriftReportsTable {
  application_id: string;
  generation: number;
  changes: JSONColumnType<DriftChange[], string | undefined, string>;
  error: string | null;
  checked_at: CreatedTime;
}

/** What a backup run says of one database. */
export interface BackedUpDatabase {
  name: string;
  kind: 'control' | 'state' | 'tenant';
  applicationId: string | null;
  status: 'succeeded' | 'failed';
  bytes: number;
  sha256: string | null;
  error: string | null;
}

export interface BackupRunsTable {
  id: string;
  status: Generated<'running' | 'succeeded' | 'failed'>;
  target: string;
  databases: JSONColumnType<BackedUpDatabase[], string | undefined, string>;
  error: string | null;
  started_at: CreatedTime;
  finished_at: Date | null;
  removed_at: Date | null;
}

/** Owners' accounts; better-auth writes these. */
export interface UsersTable {
  id: string;
  name: string;
  email: string;
  email_verified: Generated<boolean>;
  image: string | null;
  created_at: CreatedTime;
  updated_at: CreatedTime;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  token: string;
  expires_at: Date;
  ip_address: string | null;
  user_agent: string | null;
  created_at: CreatedTime;
  updated_at: CreatedTime;
}

/** The control database. JSON columns are written as JSON text: `pg` would send an array as a PostgreSQL array. */
export interface Database {
  workspaces: WorkspacesTable;
  members: MembersTable;
  applications: ApplicationsTable;
  api_keys: ApiKeysTable;
  jobs: JobsTable;
  operations: OperationsTable;
  operation_events: OperationEventsTable;
  events: EventsTable;
  deletion_records: DeletionRecordsTable;
  sweeps: SweepsTable;
  drift_reports: DriftReportsTable;
  backup_runs: BackupRunsTable;
  users: UsersTable;
  sessions: SessionsTable;
}

/** A pool or a transaction: stores take either. */
export type Executor = Kysely<Database> | Transaction<Database>;
