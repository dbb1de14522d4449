import { parseArgs } from 'node:util';
import { awaitServers } from '../shared/db/await-servers.ts';
import { createDatabase } from '../shared/db/database.ts';
import { runTask } from '../shared/lifecycle.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import { createLog } from '../shared/log.ts';
import { createRedis } from '../shared/redis.ts';
import { createSecretBox } from '../shared/secret-box.ts';
import { readBackupConfig, readRestoreConfig } from './config.ts';
import type { RestoreConfig } from './config.ts';
import { encryptionKeyFingerprint } from './key-fingerprints.ts';
import { listRuns } from './list-runs.ts';
import { presentRun } from './present-run.ts';
import type { PresentedRun } from './present-run.ts';
import { showRestore } from './restore/show-restore.ts';
import { finishRestore } from './restore/finish-restore.ts';
import { loadRestore } from './restore/load-restore.ts';
import type { LoadOptions } from './restore/load-restore.ts';
import { runBackup } from './run-backup.ts';
import { runIdSchema } from './run-id.ts';
import { openTarget } from './targets/open-target.ts';

const name = 'backup';
const usage = 'usage: main run | list | restore-check RUN | restore-load RUN | restore-finish RUN [--discard APP…] [--partial]';

/** One task, then the end: its log on stdout, and as the last line {"result": …}, which the command line reads. */
runTask(name, async (lifecycle) => {
  const [command = 'run', ...args] = process.argv.slice(2);
  const { result, failure } = await runCommand(command, args, lifecycle);
  process.stdout.write(`${JSON.stringify({ result })}\n`);
  // The job has failed then, which whoever watches jobs sees as well.
  if (failure !== null) throw new Error(failure);
});

interface Outcome {
  result: unknown;
  /** What of the task was not done. */
  failure: string | null;
}

async function runCommand(command: string, args: string[], lifecycle: Lifecycle): Promise<Outcome> {
  switch (command) {
    case 'run': {
      const run = await backUp(lifecycle);
      return { result: run, failure: run.status === 'failed' ? 'Not every database could be backed up' : null };
    }
    case 'list':
      return done(await list(lifecycle));
    case 'restore-check':
      return done(await showRestore(await openRestore(args, lifecycle)));
    case 'restore-load': {
      const options = await openRestore(args, lifecycle);
      return done(await tracked(lifecycle, (signal) => loadRestore(options, signal)));
    }
    case 'restore-finish': {
      const options = await openRestore(args, lifecycle);
      const finished = await tracked(lifecycle, (signal) => finishRestore(options, signal));
      const failed = finished.databases.some(({ error }) => error !== null);
      return { result: finished, failure: failed ? 'Not every database could be restored' : null };
    }
    default:
      throw new Error(usage);
  }
}

function done(result: unknown): Outcome {
  return { result, failure: null };
}

async function backUp(lifecycle: Lifecycle): Promise<PresentedRun> {
  const config = readBackupConfig(process.env);
  const log = createLog({ name, level: config.LOG_LEVEL });
  const target = openTarget(config);
  lifecycle.onShutdown('target', () => target.close());
  await awaitServers({ urls: [config.CONTROL_DATABASE_URL, config.STATE_DATABASE_URL, config.TENANTS_DATABASE_URL] });
  const db = createDatabase({
    ...{ url: config.CONTROL_DATABASE_URL, poolSize: 2, applicationName: 'authsome-backup' },
    onError: (err) => log.warn({ err }, 'Database connection lost'),
  });
  lifecycle.onShutdown('database', () => db.destroy());
  const manifest = await tracked(lifecycle, (signal) =>
    runBackup(
      {
        db,
        urls: { control: config.CONTROL_DATABASE_URL, state: config.STATE_DATABASE_URL, tenants: config.TENANTS_DATABASE_URL },
        box: createSecretBox(config.ENCRYPTION_KEY),
        target,
        keys: { encryptionKey: encryptionKeyFingerprint(config.ENCRYPTION_KEY), passphrase: config.PASSPHRASE_FINGERPRINT },
        ...{ keepDays: config.KEEP_DAYS, concurrency: config.CONCURRENCY, binDir: config.PG_BIN_DIR, log },
      },
      signal,
    ),
  );
  return presentRun({ id: manifest.id, status: manifest.status, startedAt: new Date(manifest.startedAt), manifest });
}

async function list(lifecycle: Lifecycle): Promise<PresentedRun[]> {
  const target = openTarget(readBackupConfig(process.env));
  lifecycle.onShutdown('target', () => target.close());
  return (await listRuns(target)).toReversed().map(presentRun);
}

async function openRestore(args: string[], lifecycle: Lifecycle): Promise<LoadOptions> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { discard: { type: 'string', multiple: true, default: [] }, partial: { type: 'boolean', default: false } },
  });
  const runId = runIdSchema.parse(positionals[0]);
  const config: RestoreConfig = readRestoreConfig(process.env);
  const log = createLog({ name, level: config.LOG_LEVEL });
  await awaitServers({ urls: [config.ADMIN_DATABASE_URL, config.TENANTS_ADMIN_DATABASE_URL] });
  const target = openTarget(config);
  lifecycle.onShutdown('target', () => target.close());
  const redis = createRedis(config.REDIS_URL, { log });
  lifecycle.onShutdown('redis', () => redis.disconnect());
  return {
    request: { runId, discard: values.discard, partial: values.partial },
    target,
    ...{ adminUrl: config.ADMIN_DATABASE_URL, tenantsAdminUrl: config.TENANTS_ADMIN_DATABASE_URL },
    ...{ encryptionKey: config.ENCRYPTION_KEY, passphraseFingerprint: config.PASSPHRASE_FINGERPRINT },
    box: createSecretBox(config.ENCRYPTION_KEY),
    redis,
    binDir: config.PG_BIN_DIR,
    log,
  };
}

/** A shutdown stops the work and waits until it has put things away. */
async function tracked<T>(lifecycle: Lifecycle, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const working = work(lifecycle.signal);
  lifecycle.onShutdown('work', () =>
    working.then(
      () => undefined,
      () => undefined,
    ),
  );
  return working;
}
