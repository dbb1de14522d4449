/** The names of everything one application owns, derived from its id alone: app_abc123 → authsome-app-abc123 and so on. */
export interface TenantNames {
  /** Stack name, only [a-z0-9-]: `_` is a wildcard in the PostgreSQL backend's prefix queries. */
  stack: string;
  namespace: string;
  database: string;
  role: string;
  serviceAccount: string;
  internalUrl: string;
}

/** Derives a tenant's names. The id's form is checked by the spec, so every name fits its system's limit (63 characters). */
export function tenantNames(appId: string): TenantNames {
  const dashed = appId.replace('_', '-');
  return {
    stack: dashed,
    namespace: `authsome-${dashed}`,
    database: `authsome_${appId}`,
    role: `${appId}_user`,
    serviceAccount: `${dashed}-sa`,
    internalUrl: `http://authsome.authsome-${dashed}.svc.cluster.local`,
  };
}
