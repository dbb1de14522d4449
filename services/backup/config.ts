import { z } from 'zod';
import { base64Key, commonConfig, connectionUrl, parseConfig } from '../shared/config.ts';

const postgresUrl = connectionUrl('postgres', 'postgresql');

const shared = {
  LOG_LEVEL: commonConfig.LOG_LEVEL,
  /** file:///folder, or s3://bucket/prefix. */
  BACKUP_TARGET: connectionUrl('file', 's3'),
  /** Of the bucket. */
  S3_REGION: z.string().min(1).default('us-east-1'),
  /** Of a store that is not Amazon's. */
  S3_ENDPOINT: connectionUrl('http', 'https').optional(),
  /** Opens the addresses of databases on servers of applications' own. Never written anywhere. */
  ENCRYPTION_KEY: base64Key,
  /** Of the passphrase of tenants' stacks: goes into the manifest, and is compared by a restore. */
  PASSPHRASE_FINGERPRINT: z.string().min(1),
  /** Folder of PostgreSQL's own programs, where they are not on the PATH. */
  PG_BIN_DIR: z.string().optional(),
};

const backupSchema = z.object({
  ...shared,
  /** As authsome_backup. */
  CONTROL_DATABASE_URL: postgresUrl,
  STATE_DATABASE_URL: postgresUrl,
  /** As authsome_backup, database `postgres` of the server of tenants' databases. */
  TENANTS_DATABASE_URL: postgresUrl,
  /** Days of which the newest good run is kept. */
  KEEP_DAYS: z.coerce.number().int().min(1).max(3_650).default(14),
  /** Databases that are dumped at once. */
  CONCURRENCY: z.coerce.number().int().min(1).max(16).default(2),
});

const restoreSchema = z.object({
  ...shared,
  /** As the server's administrator, database `postgres`. */
  ADMIN_DATABASE_URL: postgresUrl,
  TENANTS_ADMIN_DATABASE_URL: postgresUrl,
  REDIS_URL: connectionUrl('redis', 'rediss'),
});

export type BackupConfig = Readonly<z.output<typeof backupSchema>>;
export type RestoreConfig = Readonly<z.output<typeof restoreSchema>>;

/** @throws ConfigError */
export const readBackupConfig = (env: NodeJS.ProcessEnv): BackupConfig => parseConfig(backupSchema, env);

/** @throws ConfigError */
export const readRestoreConfig = (env: NodeJS.ProcessEnv): RestoreConfig => parseConfig(restoreSchema, env);
