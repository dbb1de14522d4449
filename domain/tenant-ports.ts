/** Where a tenant's processes listen, and the one port of the internet that instances always reach. */
export const ports = { http: 8080, metrics: 9464, redis: 6379, postgres: 5432, https: 443 } as const;
