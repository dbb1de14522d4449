import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Connections } from '../connections.ts';
import type { DataServices } from '../data-services.ts';
import { labels } from '../hardening.ts';
import type { PlatformInputs } from '../load-settings.ts';
import type { PlatformSecrets } from '../platform-secrets.ts';
import type { ServerCa } from '../postgres/server-ca.ts';
import { backupEgress } from './backup-egress.ts';
import { backupEnvironment } from './backup-environment.ts';
import { backupJob, programContainer, setupContainer } from './backup-job.ts';
import { BackupVolume } from './backup-volume.ts';

export interface BackupsArgs extends PlatformInputs {
  namespace: pulumi.Output<string>;
  connections: Connections;
  /** Where the backups' pods connect to. */
  data: Pick<DataServices, 'servers'>;
  ca: ServerCa;
  secrets: PlatformSecrets;
  /** Secret of the database setup, which follows a restore. */
  setupSecret: pulumi.Input<string>;
}

/** Never reached by itself, as it is suspended; the field must be there. */
const noSchedule = '0 0 1 1 *';

/**
 * Backups of every database on a schedule, and what a restore is made from: a CronJob that is suspended, of which the command line makes a Job when
 * it is asked to. Only that has the rights to write; what runs every night can read and no more.
 */
export class Backups extends pulumi.ComponentResource {
  constructor(name: string, args: BackupsArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Backups', name, {}, options);
    const child = { parent: this };
    const { namespace, settings, images, connections, ca } = args;
    const { backups } = settings;
    const metadata = (part: string): { name: string; namespace: pulumi.Output<string>; labels: Record<string, string> } => ({
      ...{ name: part, namespace, labels: labels(part) },
    });
    const environment = backupEnvironment(args);
    const backupSecret = new kubernetes.core.v1.Secret(
      'backup',
      {
        metadata: metadata('backup'),
        stringData: {
          ...environment.secret,
          CONTROL_DATABASE_URL: connections.backupControl,
          STATE_DATABASE_URL: connections.backupState,
          TENANTS_DATABASE_URL: connections.backupTenants,
        },
      },
      child,
    );
    const restoreSecret = new kubernetes.core.v1.Secret(
      'restore',
      {
        metadata: metadata('restore'),
        stringData: {
          ...environment.secret,
          ADMIN_DATABASE_URL: connections.controlAdmin,
          TENANTS_ADMIN_DATABASE_URL: connections.tenantsAdmin,
          REDIS_URL: connections.redis('restore'),
        },
      },
      child,
    );
    const volume =
      backups.target.kind === 'volume' ? new BackupVolume('backups', { ...args, storage: backups.target.storage }, child) : undefined;
    const common = { image: images.backup, settings, env: environment.plain, ca, mountsVolume: volume !== undefined };
    const job = { settings: backups, claim: volume?.claim, ca };
    new kubernetes.batch.v1.CronJob(
      'backup',
      {
        metadata: metadata('backup'),
        spec: {
          schedule: backups.schedule,
          timeZone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          // A cluster that was down at the time makes up for it for half a day.
          startingDeadlineSeconds: 43_200,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          jobTemplate: backupJob({
            ...job,
            part: 'backup',
            containers: [programContainer({ ...common, part: 'backup', args: ['run'], secret: backupSecret.metadata.name })],
          }),
        },
      },
      child,
    );
    new kubernetes.batch.v1.CronJob(
      'restore',
      {
        metadata: metadata('restore'),
        spec: {
          schedule: noSchedule,
          startingDeadlineSeconds: 3_600,
          suspend: true,
          concurrencyPolicy: 'Forbid',
          jobTemplate: backupJob({
            ...job,
            part: 'restore',
            initContainers: [programContainer({ ...common, part: 'restore', args: ['list'], secret: restoreSecret.metadata.name })],
            // Grants, and a schema of an older backup, are brought to what this version needs.
            containers: [setupContainer({ image: images['control-api'], settings, secret: args.setupSecret, ca })],
          }),
        },
      },
      child,
    );
    backupEgress({ namespace, settings, servers: args.data.servers }, child);
    this.registerOutputs();
  }
}
