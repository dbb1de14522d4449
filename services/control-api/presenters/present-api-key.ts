import type { ApiKeyRow } from '../stores/api-key-store.ts';

export interface ApiKeyView {
  id: string;
  applicationId: string;
  name: string;
  type: 'public' | 'secret';
  /** The first characters; the whole key is shown once, when it is made. */
  prefix: string;
  scopes: string[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export function presentApiKey(row: ApiKeyRow): ApiKeyView {
  return {
    id: row.id,
    applicationId: row.application_id,
    name: row.name,
    type: row.type,
    prefix: row.prefix,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
