import type { TenantSpec } from './spec.ts';

/** Every secret that a spec holds, to be kept out of messages and logs. */
export function specSecrets({ database, config }: TenantSpec): string[] {
  const { email, socialProviders, oidcProviders } = config;
  const clients = [...Object.values(socialProviders), ...Object.values(oidcProviders)];
  return [
    ...(database.tier === 'shared' ? [database.adminPassword] : []),
    ...(email?.smtp.password === undefined ? [] : [email.smtp.password]),
    ...clients.flatMap((client) => (client === undefined ? [] : [client.clientSecret])),
  ];
}
