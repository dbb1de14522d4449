/** The Pulumi project of every tenant's stack. */
export const tenantProject = 'authsome-tenant';
