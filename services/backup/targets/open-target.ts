import { fileURLToPath } from 'node:url';
import { bucketTarget } from './bucket-target.ts';
import { folderTarget } from './folder-target.ts';
import type { BackupTarget } from './target.ts';

interface TargetConfig {
  BACKUP_TARGET: string;
  S3_REGION: string;
  S3_ENDPOINT?: string | undefined;
}

/** The folder or bucket that the configuration names. */
export function openTarget({ BACKUP_TARGET, S3_REGION, S3_ENDPOINT }: TargetConfig): BackupTarget {
  const url = new URL(BACKUP_TARGET);
  if (url.protocol === 'file:') return folderTarget(fileURLToPath(url));
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|(?<!\/)\/+$/g, '');
  return bucketTarget({ bucket: url.hostname, prefix, region: S3_REGION, endpoint: S3_ENDPOINT });
}
