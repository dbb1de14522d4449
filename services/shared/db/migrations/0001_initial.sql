-- Control database. Times are timestamptz, ids are prefixed text made by services/shared/ids.ts.

create table workspaces (
  id text primary key,
  name text not null check (char_length(name) between 1 and 100),
  plan text not null default 'free' check (plan in ('free', 'pro', 'enterprise')),
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table members (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  user_id text not null,
  role text not null check (role in ('owner', 'admin', 'developer', 'billing', 'viewer')),
  created_at timestamptz not null default now(),
  constraint members_workspace_user_key unique (workspace_id, user_id)
);
create index members_user_id_idx on members (user_id);

create table applications (
  id text primary key,
  workspace_id text not null references workspaces (id),
  name text not null check (char_length(name) between 1 and 100),
  slug text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  environment text not null check (environment in ('production', 'staging', 'development')),
  region text not null,
  status text not null default 'provisioning' check (
    status in ('provisioning', 'active', 'updating', 'restarting', 'suspended', 'failed', 'deleting', 'deleted')
  ),
  -- Desired state: what the next reconcile aims at. The generation counts changes of it.
  desired text not null default 'present' check (desired in ('present', 'absent')),
  generation integer not null default 1,
  observed_generation integer not null default 0,
  config jsonb not null default '{}',
  -- What the stack returned; null until the first up.
  internal_url text,
  namespace text,
  sealed_outputs text,
  sealed_instance_token text,
  program_version text,
  failure jsonb,
  -- Counts every change of the row that a route depends on: orders routes in Redis.
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  active_at timestamptz,
  deleted_at timestamptz
);
-- A slug is free again once its application is gone.
create unique index applications_workspace_slug_key on applications (workspace_id, slug) where status <> 'deleted';

create table api_keys (
  id text primary key,
  application_id text not null references applications (id) on delete cascade,
  name text not null,
  type text not null check (type in ('public', 'secret')),
  -- The first characters, for listings; the key itself is never stored.
  prefix text not null,
  hash text not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_hash_key unique (hash)
);
create index api_keys_application_id_idx on api_keys (application_id);

-- Jobs are the outbox too: written in the transaction that changes the application, published by the relay.
create table jobs (
  id text primary key,
  application_id text not null references applications (id),
  generation integer not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'superseded', 'dead')),
  attempts integer not null default 0,
  max_attempts integer not null default 4,
  -- Not before this time: the backoff between attempts.
  run_after timestamptz not null default now(),
  -- When the relay last published it; the relay publishes again what is not done in time.
  published_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  error jsonb
);
create index jobs_open_idx on jobs (run_after) where status in ('queued', 'running');
create index jobs_application_id_idx on jobs (application_id);

-- One row an attempt. The fencing token is the lease: whoever writes on behalf of an operation names it.
create table operations (
  id text primary key,
  application_id text not null references applications (id),
  job_id text not null references jobs (id),
  kind text not null check (kind in ('provision', 'update', 'destroy')),
  generation integer not null,
  status text not null default 'running' check (status in ('running', 'succeeded', 'failed', 'abandoned')),
  worker text not null,
  fencing_token bigint generated always as identity,
  heartbeat_at timestamptz not null default now(),
  phase text not null,
  -- [{name, startedAt, endedAt}]
  phases jsonb not null default '[]',
  -- {created, updated, deleted, same, lastResource}
  progress jsonb not null default '{}',
  error jsonb,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index operations_one_running_key on operations (application_id) where status = 'running';
create index operations_application_started_idx on operations (application_id, started_at desc);
