import * as pulumi from '@pulumi/pulumi';
import type { ExternalServerSettings, ServerName } from './external-settings.ts';
import { checkExternalUrl, parseExternalUrl } from './external-url.ts';
import type { ExternalSslMode } from './external-url.ts';
import { caFileOf } from './server-ca.ts';

/** A PostgreSQL server, wherever it is. */
export interface PostgresServer {
  host: pulumi.Output<string>;
  port: pulumi.Output<number>;
  sslMode: pulumi.Output<'disable' | ExternalSslMode>;
  /** Of its administrator, database `postgres`. Secret. */
  adminUrl: pulumi.Output<string>;
  /** Of a role that the set-up makes. Secret. */
  url(role: string, password: pulumi.Output<string>, database: string): pulumi.Output<string>;
  /** Of a server outside of the cluster. */
  external?: ExternalServerSettings;
}

const port = 5_432;
const database = 'postgres';

/** One of the platform's own pods, on the cluster's network. */
export function podServer(host: pulumi.Output<string>, password: pulumi.Output<string>): PostgresServer {
  const url: PostgresServer['url'] = (role, secret, name) =>
    pulumi.secret(pulumi.interpolate`postgres://${role}:${secret}@${host}:${port}/${name}?sslmode=disable`);
  return {
    host,
    port: pulumi.output(port),
    sslMode: pulumi.output('disable' as const),
    adminUrl: url('postgres', password, database),
    url,
  };
}

export const urlKeys = { control: 'postgresUrl', tenants: 'tenantsPostgresUrl' } as const satisfies Record<ServerName, string>;

/**
 * A server that somebody else runs: its URL is a secret of the stack's configuration (`authsome:postgresUrl`, `authsome:tenantsPostgresUrl`).
 *
 * @param other which it must not be: who makes tenants' roles could give itself the platform's own
 * @throws Error where the URL is not given; one that is not as it must be fails the run when it is read, before anything is made with it
 */
export function externalServer(name: ServerName, settings: ExternalServerSettings, other?: PostgresServer): PostgresServer {
  const key = `authsome:${urlKeys[name]}`;
  const given = new pulumi.Config('authsome').getSecret(urlKeys[name]);
  if (given === undefined)
    throw new Error(
      `${key} must be set where authsome:settings.externalPostgres.${name} is: pulumi config set --secret ${key} postgres://…`,
    );
  const parsed = pulumi.all([given, other?.host, other?.port]).apply(([text, otherHost, otherPort]) => {
    const url = parseExternalUrl(text, key);
    checkExternalUrl(url, { key, name, hasCa: settings.caCertificate !== undefined, other: { host: otherHost, port: otherPort } });
    return url;
  });
  const at = (login: pulumi.Input<string>, inside: string): pulumi.Output<string> =>
    pulumi.secret(
      pulumi.all([parsed, login]).apply(([{ host, port: listens, sslMode }, user]) => {
        const ca = settings.caCertificate === undefined ? '' : `&sslrootcert=${caFileOf(name)}`;
        return `postgres://${user}@${host}:${listens}/${inside}?sslmode=${sslMode}${ca}`;
      }),
    );
  return {
    host: pulumi.unsecret(parsed.host),
    port: pulumi.unsecret(parsed.port),
    sslMode: pulumi.unsecret(parsed.sslMode),
    adminUrl: at(parsed.login, database),
    url: (role, password, inside) => at(pulumi.interpolate`${role}:${password}`, inside),
    external: settings,
  };
}

/** A URL that nothing uses would be an operator's mistake that nobody sees. @throws Error naming the key */
export function refuseUnusedUrls(external: Partial<Record<ServerName, unknown>>): void {
  const config = new pulumi.Config('authsome');
  for (const [name, key] of Object.entries(urlKeys) as [ServerName, string][])
    if (external[name] === undefined && config.getSecret(key) !== undefined)
      throw new Error(`authsome:${key} is set, but not authsome:settings.externalPostgres.${name}, with the server's cidr`);
}
