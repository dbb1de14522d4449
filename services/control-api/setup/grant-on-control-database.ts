import { withClient } from './with-client.ts';

/** Columns of an application that the provisioner writes: what it found out, never what the owner wants. */
const provisionedColumns = [
  ...[
    'status',
    'observed_generation',
    'internal_url',
    'namespace',
    'sealed_outputs',
    'sealed_instance_token',
    'program_version',
    'failure',
  ],
  ...['serving', 'revision', 'updated_at', 'active_at', 'deleted_at'],
].join(', ');

/** Columns of which a route is made (services/shared/routes/route-store.ts); sealed_outputs, with the tenant's passwords, is not one. */
const routeColumns =
  'id, workspace_id, revision, status, desired, suspensions, serving, environment, region, internal_url, sealed_instance_token, allowed_origins, updated_at';
const routeKeyColumns = 'id, application_id, type, hash, scopes, created_at, expires_at, revoked_at';

const grants = [
  // All at once and from nothing, so that a grant that is taken out of this list is taken away.
  'revoke all on all tables in schema public from public, authsome_provisioner, authsome_proxy, authsome_backup',
  'revoke all on schema public from public',
  'grant usage on schema public to authsome_provisioner, authsome_proxy',

  'grant select on workspaces, applications, api_keys, jobs, operations to authsome_provisioner',
  `grant update (${provisionedColumns}) on applications to authsome_provisioner`,
  'grant update (status, attempts, run_after, published_at, finished_at, error) on jobs to authsome_provisioner',
  'grant insert, update on operations to authsome_provisioner',
  'grant select, insert on operation_events to authsome_provisioner',
  'grant insert on events, deletion_records to authsome_provisioner',
  'grant select, insert, update on sweeps to authsome_provisioner',
  'grant select, insert, update, delete on drift_reports to authsome_provisioner',
  // A deleted application's keys, whatever happened to them before.
  'grant update (revoked_at) on api_keys to authsome_provisioner',

  `grant select (${routeColumns}) on applications to authsome_proxy`,
  `grant select (${routeKeyColumns}) on api_keys to authsome_proxy`,
  'grant select (id, plan, deleted_at) on workspaces to authsome_proxy',

  // What it reads, everything, is its role's (ensure-backup-access.ts).
  'grant insert, update on backup_runs to authsome_backup',
];

/** Gives each service's role what it needs on the control database, as its owner, and takes away what it had besides. */
export function grantOnControlDatabase(ownerUrl: string): Promise<void> {
  return withClient(ownerUrl, async (owner) => {
    await owner.query('begin');
    for (const grant of grants) await owner.query(grant);
    await owner.query('commit');
  });
}
