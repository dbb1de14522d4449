/**
 * Name of the ClusterRole that reads Secrets. The platform makes it; the provisioner binds it to itself in each tenant's namespace, and
 * has no right to read a Secret anywhere else.
 */
export const tenantSecretsRole = 'authsome:tenant-secrets';

/** Name of that RoleBinding, and of the provisioner's service account. */
export const provisionerAccount = 'provisioner';

/** Names of the Secrets that the program makes in a tenant's namespace. */
export const tenantSecretNames = ['instance', 'redis', 'postgres'] as const;
