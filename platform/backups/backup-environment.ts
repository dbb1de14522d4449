import { createHmac } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { PlatformInputs } from '../load-settings.ts';
import type { PlatformSecrets } from '../platform-secrets.ts';

/** Where the volume is in the pods. */
export const backupsFolder = '/backups';

export interface BackupEnvironment {
  plain: Record<string, string>;
  secret: Record<string, pulumi.Input<string>>;
}

/**
 * What backups and restores are told alike: the target with its credentials, and the keys. `authsome:backupsAccessKeyId` and
 * `authsome:backupsSecretAccessKey` are secrets of the stack's configuration; without them the cluster gives the pod its rights.
 */
export function backupEnvironment({
  settings,
  secrets,
}: Pick<PlatformInputs, 'settings'> & { secrets: PlatformSecrets }): BackupEnvironment {
  const { target, keepDays, concurrency } = settings.backups;
  const config = new pulumi.Config('authsome');
  const [id, key] = [config.getSecret('backupsAccessKeyId'), config.getSecret('backupsSecretAccessKey')];
  if ((id === undefined) !== (key === undefined))
    throw new Error('authsome:backupsAccessKeyId and authsome:backupsSecretAccessKey: set both, or neither');
  return {
    plain: {
      KEEP_DAYS: String(keepDays),
      CONCURRENCY: String(concurrency),
      ...(target.kind === 'volume'
        ? { BACKUP_TARGET: `file://${backupsFolder}` }
        : {
            BACKUP_TARGET: `s3://${[target.bucket, target.prefix].filter(Boolean).join('/')}`,
            S3_REGION: target.region,
            ...(target.endpoint === undefined ? {} : { S3_ENDPOINT: target.endpoint }),
          }),
    },
    secret: {
      ENCRYPTION_KEY: secrets.encryptionKey,
      PASSPHRASE_FINGERPRINT: passphraseFingerprint(secrets),
      ...(id === undefined || key === undefined ? {} : { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key }),
    },
  };
}

/** Keyed by the encryption key, which is random, so that it says nothing of a passphrase that is not. */
function passphraseFingerprint({ encryptionKey, pulumiPassphrase }: PlatformSecrets): pulumi.Output<string> {
  return pulumi
    .all([encryptionKey, pulumiPassphrase])
    .apply(([key, passphrase]) =>
      createHmac('sha256', Buffer.from(key, 'base64')).update(`authsome-backup passphrase ${passphrase}`).digest('hex').slice(0, 32),
    );
}
