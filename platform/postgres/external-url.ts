import type { ServerName } from './external-settings.ts';

export const sslModes = ['require', 'verify-ca', 'verify-full'] as const;
export type ExternalSslMode = (typeof sslModes)[number];

/** The parts of an external server's URL, as they stand in it. */
export interface ExternalUrl {
  /** USER:PASSWORD of its administrator. */
  login: string;
  host: string;
  port: number;
  sslMode: ExternalSslMode;
}

/**
 * Reads `postgres://USER:PASSWORD@HOST[:PORT][/postgres][?sslmode=MODE]`; sslmode is verify-full unless it is given.
 *
 * @param name of the configuration's key, for errors
 * @throws Error which says what is wrong, and quotes nothing of it
 */
export function parseExternalUrl(text: string, name: string): ExternalUrl {
  const refuse = (reason: string): never => {
    throw new Error(`${name}: ${reason}`);
  };
  if (!URL.canParse(text)) return refuse('must be a URL, with all that is special in its password percent-encoded');
  const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(text);
  if (!['postgres:', 'postgresql:'].includes(protocol)) refuse('must begin with postgres://');
  if (hostname === '' || username === '' || password === '') refuse('must name a host, a user and a password');
  if (!['', '/', '/postgres'].includes(pathname)) refuse('must name no database but postgres, in which the set-up begins');
  const unknown = [...searchParams.keys()].filter((key) => key !== 'sslmode');
  if (unknown.length > 0) refuse(`knows no parameter but sslmode: ${unknown.join(', ')}`);
  const sslMode = sslModes.find((mode) => mode === (searchParams.get('sslmode') ?? 'verify-full'));
  if (sslMode === undefined) return refuse(`sslmode must be one of ${sslModes.join(', ')}`);
  return { login: `${username}:${password}`, host: hostname, port: port === '' ? 5_432 : Number(port), sslMode };
}

interface Surroundings {
  key: string;
  name: ServerName;
  /** Whether the settings have its authority. */
  hasCa: boolean;
  /** The server that it must not be. */
  other: { host: string | undefined; port: number | undefined };
}

/** What a URL must be together with the settings. @throws Error naming the key */
export function checkExternalUrl({ host, port, sslMode }: ExternalUrl, { key, name, hasCa, other }: Surroundings): void {
  if (host === other.host && port === other.port)
    throw new Error(`${key}: is the server of the control database; tenants need one of their own`);
  if (sslMode !== 'require' && !hasCa)
    throw new Error(`${key}: sslmode=${sslMode} needs authsome:settings.externalPostgres.${name}.caCertificate`);
}
