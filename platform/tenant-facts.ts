/**
 * What the platform knows of tenants' stacks. The platform's program stands alone, as an older version of it is rehearsed by itself: a test
 * compares these with the tenant program's own.
 */
export const tenantPorts = { http: 8_080, metrics: 9_464, postgres: 5_432 } as const;

/** Name of the ClusterRole that reads Secrets, which the provisioner binds to itself in tenants' namespaces. */
export const tenantSecretsRole = 'authsome:tenant-secrets';
