import type { AppConfig } from '../../shared/app-config.ts';
import type { AppEnvironment, AppFailure } from '../../shared/db/database.ts';
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
  config: AppConfig;
  createdAt: string;
  updatedAt: string;
  activeAt: string | null;
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
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    activeAt: row.active_at?.toISOString() ?? null,
    failure: row.failure,
  };
}
