import type { SuspensionReason } from '../../shared/application-state.ts';
import type { AppSettings } from '../../shared/config-secrets.ts';
import type { AppEnvironment, AppFailure } from '../../shared/db/tables.ts';
import type { DatabaseTier } from '../../shared/plans.ts';
import type { AppStatus } from '../../shared/routes/route.ts';
import type { ApplicationRow } from '../stores/application-store.ts';

export interface ApplicationView {
  id: string;
  workspaceId: string;
  name: string;
  slug: string;
  environment: AppEnvironment;
  region: string;
  status: AppStatus;
  /** Base URL for the customer's clients, at the proxy. */
  url: string;
  /** Without its secrets, so that it can be sent back as a change: a secret that is not given stays as it is. */
  config: AppSettings;
  /** Paths in `config` of the secrets that are stored, such as `email.smtp.password`. Their values are never shown. */
  configuredSecrets: string[];
  databaseTier: DatabaseTier;
  createdAt: string;
  updatedAt: string;
  activeAt: string | null;
  /** Why it runs no instance: the owner, the deletion of the workspace, or its own. */
  suspensions: SuspensionReason[];
  /** When a deleted application is destroyed, unless it is restored before. */
  destroyAfter: string | null;
  failure: AppFailure | null;
}

export function presentApplication(row: ApplicationRow, { customerApiUrl }: { customerApiUrl: string }): ApplicationView {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    slug: row.slug,
    environment: row.environment,
    region: row.region,
    status: row.status,
    url: `${customerApiUrl}/v1/${row.id}`,
    config: row.config,
    configuredSecrets: Object.keys(row.sealed_config_secrets).sort(),
    databaseTier: row.database_tier,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    activeAt: row.active_at?.toISOString() ?? null,
    suspensions: row.suspensions,
    destroyAfter: row.destroy_after?.toISOString() ?? null,
    failure: row.failure,
  };
}
