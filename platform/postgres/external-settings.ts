import { z } from 'zod';

/** What there is to know of a server outside of the platform besides its URL, which is a secret of the stack's configuration. */
export const externalServerSettings = z.strictObject({
  /** Addresses of the server, for the network policies. */
  cidr: z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a CIDR such as 10.20.0.0/24' }),
  /** Of the authority that signed its certificate, in PEM; for sslmode verify-ca and verify-full. */
  caCertificate: z.string().trim().startsWith('-----BEGIN CERTIFICATE-----', 'must be a certificate in PEM').optional(),
});

export const externalPostgresSettings = z.strictObject({
  /** The server of the control and the state database. */
  control: externalServerSettings.optional(),
  /** The server of free tenants' databases. */
  tenants: externalServerSettings.optional(),
});

export type ExternalServerSettings = z.output<typeof externalServerSettings>;
export type ServerName = keyof z.output<typeof externalPostgresSettings>;
