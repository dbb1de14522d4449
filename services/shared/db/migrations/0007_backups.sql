-- Backups of the platform's databases: written by the backup service, read for its metric and by people. The truth about a backup is its
-- manifest, which lies beside the dumps; these rows outlive it.
create table backup_runs (
  id text primary key,
  status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  -- Where to, without credentials.
  target text not null,
  -- [{name, kind, applicationId, status, bytes, sha256, error}]
  databases jsonb not null default '[]',
  error text,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  -- Set when retention has removed the dumps.
  removed_at timestamptz
);
create index backup_runs_succeeded_idx on backup_runs (finished_at desc) where status = 'succeeded';
