-- Why an application is to run no instance; empty while it is to run. 'deletion' is the grace period in which it can be restored.
alter table applications drop constraint applications_desired_check;
alter table applications
  add constraint applications_desired_check check (desired in ('present', 'suspended', 'absent')),
  add column suspensions text[] not null default '{}'
    check (suspensions <@ array['owner', 'workspace', 'deletion']),
  -- Whether the stack has pods that the proxy may forward to.
  add column serving boolean not null default false,
  add column restarted_at timestamptz,
  -- End of the grace period: the scheduler destroys the application then.
  add column destroy_after timestamptz;
update applications set serving = active_at is not null and status in ('active', 'updating', 'restarting', 'failed') and desired = 'present';
create index applications_destroy_after_idx on applications (destroy_after) where destroy_after is not null;

-- End of the grace period of a deleted workspace.
alter table workspaces add column destroy_after timestamptz;

-- A job is what owners see as an operation: one wish, carried out by one or more attempts, which are the rows of `operations`.
alter table jobs drop constraint jobs_status_check;
alter table jobs
  add constraint jobs_status_check check (status in ('queued', 'running', 'succeeded', 'superseded', 'dead', 'cancelled')),
  add column kind text not null default 'update' check (kind in (
    'provision', 'update', 'plan_change', 'restart', 'suspend', 'resume', 'delete', 'restore', 'destroy', 'retry', 'repair'
  )),
  add column cancel_requested_at timestamptz;
update jobs set kind = 'provision' where generation = 1;
update jobs set kind = 'destroy' where id in (select job_id from operations where kind = 'destroy');
alter table jobs alter column kind drop default;
create index jobs_dead_idx on jobs (finished_at) where status = 'dead';

alter table operations drop constraint operations_kind_check;
alter table operations drop constraint operations_status_check;
alter table operations
  add constraint operations_status_check check (status in ('running', 'succeeded', 'failed', 'abandoned', 'cancelled')),
  -- Set by the watchdog once the phase has outlasted its limit.
  add column overdue_at timestamptz;
create index operations_job_id_idx on operations (job_id);

-- What the engine did, step by step; written while the operation runs, pruned with time.
create table operation_events (
  operation_id text not null references operations (id) on delete cascade,
  sequence integer not null,
  at timestamptz not null,
  -- created, updated, deleted; started, done or failed
  change text not null,
  resource_type text not null,
  resource_name text not null,
  status text not null check (status in ('started', 'done', 'failed')),
  primary key (operation_id, sequence)
);

-- What happened to applications, for webhooks and e-mails to be sent of.
create table events (
  id text primary key,
  sequence bigint not null generated always as identity,
  type text not null check (type in ('application.provisioned', 'application.failed', 'application.deleted')),
  workspace_id text not null references workspaces (id),
  application_id text not null references applications (id),
  operation_id text references operations (id) on delete set null,
  data jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create unique index events_sequence_idx on events (sequence);
create index events_application_id_idx on events (application_id, sequence);

-- Proof of a deletion: what was removed, and that nothing was found afterwards. Never pruned.
create table deletion_records (
  application_id text primary key references applications (id),
  workspace_id text not null references workspaces (id),
  name text not null,
  slug text not null,
  -- [{kind, name}]
  removed jsonb not null,
  -- [{kind, name}]: what was looked for after the removal, and not found.
  verified jsonb not null,
  requested_at timestamptz,
  verified_at timestamptz not null default now()
);

-- Searches for what belongs to no application, and for what an application lacks.
create table sweeps (
  id text primary key,
  status text not null default 'queued' check (status in ('queued', 'running', 'finished', 'failed')),
  repair boolean not null default false,
  worker text,
  -- [{kind, name, applicationId, problem, outcome}]
  findings jsonb not null default '[]',
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index sweeps_created_at_idx on sweeps (created_at desc);

-- The newest look at each application's stack for changes that nobody made through it.
create table drift_reports (
  application_id text primary key references applications (id),
  generation integer not null,
  -- [{change, resourceType, resourceName, fields}]
  changes jsonb not null default '[]',
  error text,
  checked_at timestamptz not null default now()
);
create index drift_reports_checked_at_idx on drift_reports (checked_at);
