import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { RedisUser } from './redis-configuration.ts';

/** Passwords and keys of the platform. All are made once by Pulumi and kept, encrypted, in the stack's state. */
export class PlatformSecrets extends pulumi.ComponentResource {
  /** PostgreSQL superuser of the control server, and of the tenants' server. */
  readonly postgres: pulumi.Output<string>;
  readonly tenantsPostgres: pulumi.Output<string>;
  /** Database roles of the services. */
  readonly controlDb: pulumi.Output<string>;
  readonly stateDb: pulumi.Output<string>;
  readonly provisionerDb: pulumi.Output<string>;
  readonly proxyDb: pulumi.Output<string>;
  readonly tenantsDb: pulumi.Output<string>;
  readonly backupDb: pulumi.Output<string>;
  readonly redis: Readonly<Record<RedisUser, pulumi.Output<string>>>;
  readonly nats: pulumi.Output<string>;
  /** By which the servers of a NATS cluster know each other. */
  readonly natsRoutes: pulumi.Output<string>;
  /** Signs owners' sessions. */
  readonly auth: pulumi.Output<string>;
  /** What the platform's operator shows to the control API. */
  readonly operator: pulumi.Output<string>;
  /** Of the tenants' stacks. */
  readonly pulumiPassphrase: pulumi.Output<string>;
  /** 32 bytes, base64: seals stored stack outputs and the secrets of applications' configurations. */
  readonly encryptionKey: pulumi.Output<string>;

  constructor(name: string, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Secrets', name, {}, options);
    const password = (part: string): pulumi.Output<string> =>
      new random.RandomPassword(`${name}-${part}`, { length: 40, special: false }, { parent: this }).result;
    // Those of a platform that was lost, for its backup to be restored: docs/backups.md. What is generated stays, so that nothing is deleted.
    const config = new pulumi.Config('authsome');
    const given = (key: string): pulumi.Output<string> | undefined => config.getSecret(key);
    this.postgres = password('postgres');
    this.tenantsPostgres = password('tenants-postgres');
    this.controlDb = password('control-db');
    this.stateDb = password('state-db');
    this.provisionerDb = password('provisioner-db');
    this.proxyDb = password('proxy-db');
    this.tenantsDb = password('tenants-db');
    this.backupDb = password('backup-db');
    // The one password of earlier versions opens nothing any more. It stays declared: a preview refuses to delete what is generated.
    password('redis');
    this.redis = {
      proxy: password('redis-proxy'),
      'control-api': password('redis-control-api'),
      provisioner: password('redis-provisioner'),
      restore: password('redis-restore'),
    };
    this.nats = password('nats');
    this.natsRoutes = password('nats-routes');
    const auth = password('auth');
    this.auth = given('authSecret') ?? auth;
    this.operator = password('operator');
    const passphrase = password('pulumi-passphrase');
    this.pulumiPassphrase = given('pulumiPassphrase') ?? passphrase;
    const secretOutputs = ['b64Std', 'b64Url', 'dec', 'hex'];
    const key = new random.RandomId(`${name}-encryption-key`, { byteLength: 32 }, { parent: this, additionalSecretOutputs: secretOutputs });
    this.encryptionKey = given('encryptionKey') ?? pulumi.secret(key.b64Std);
    this.registerOutputs();
  }
}
