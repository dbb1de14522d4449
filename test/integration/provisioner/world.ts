import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Redis } from 'ioredis';
import type { Insertable, Kysely, Selectable } from 'kysely';
import { newApiKey } from '../../../services/shared/api-keys.ts';
import { command, stateOf, stopsOlderOperations } from '../../../services/shared/application-state.ts';
import type { Command, OperationKind } from '../../../services/shared/application-state.ts';
import type { AppConfig } from '../../../services/shared/app-config.ts';
import { sealConfig } from '../../../services/shared/config-secrets.ts';
import type { Database } from '../../../services/shared/db/tables.ts';
import { newId } from '../../../services/shared/ids.ts';
import { ensureStreams } from '../../../services/shared/jobs/ensure-streams.ts';
import { jobStream } from '../../../services/shared/jobs/job.ts';
import { createLog } from '../../../services/shared/log.ts';
import { connectNats } from '../../../services/shared/nats.ts';
import { createSecretBox } from '../../../services/shared/secret-box.ts';
import type { SecretBox } from '../../../services/shared/secret-box.ts';
import { startFakeCluster } from '../../support/fake-cluster.ts';
import type { FakeCluster } from '../../support/fake-cluster.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createTestNats } from '../../support/test-nats.ts';
import type { TestNats } from '../../support/test-nats.ts';
import { createTestRedis } from '../../support/test-redis.ts';
import { createTestTenantsServer } from '../../support/test-tenants-server.ts';
import type { TestTenantsServer } from '../../support/test-tenants-server.ts';
import { leastPrivilegeUrl } from './least-privilege.ts';
import type { Call, Step } from './scripted-child.ts';

/** Real PostgreSQL, Redis and NATS, the provisioner as a real process, and a scripted child in place of pulumi's. */
export interface World {
  db: Kysely<Database>;
  redis: Redis;
  redisUrl: string;
  nats: NatsConnection;
  natsServer: TestNats;
  box: SecretBox;
  cluster: FakeCluster;
  /** The server of the tenants' databases. */
  tenantsServer: TestTenantsServer;
  /** Of the database with Pulumi's state, which is the control database too. */
  stateUrl: string;
  startWorker(overrides?: Record<string, string>): Promise<Worker>;
  /** An application as the control API writes it, with its job; `script` says what the child does, one step a call. */
  insertApplication(options?: { script?: Step[]; config?: object; columns?: Columns }): Promise<{ appId: string; jobId: string }>;
  /** The same with a configuration that has secrets, sealed as the control API seals them, or with another key. */
  insertConfigured(options: { script?: Step[]; config: AppConfig; box?: SecretBox }): Promise<{ appId: string; jobId: string }>;
  /** A change of the desired state with its job, as the control API writes them; the jobs before it are left to the worker. */
  command(appId: string, wanted: Command): Promise<string>;
  announce(jobId: string, messageId?: string): Promise<void>;
  /** The child's calls for one application, in order. */
  calls(appId: string): Promise<Call[]>;
  /** Lets a child that holds go on. */
  release(appId: string): Promise<void>;
  application(appId: string): Promise<Row<'applications'>>;
  job(jobId: string): Promise<Row<'jobs'>>;
  /** Waits until the job has ended, whichever way. */
  finished(jobId: string): Promise<Row<'jobs'>>;
  /** Waits until the application's child has been started so many times. */
  started(appId: string, times: number): Promise<void>;
  operations(appId: string): Promise<Row<'operations'>[]>;
  close(): Promise<void>;
}

type Row<T extends keyof Database> = Selectable<Database[T]>;
/** Of a new application, by its id. They are there from its first moment, as a worker looks for jobs by itself. */
type Columns = (appId: string) => Partial<Insertable<Database['applications']>>;

export interface Worker {
  url: string;
  metricsUrl: string;
  pid: number;
  name: string;
  /** Every line that it has logged. */
  lines: string[];
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | string>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const adminPassword = 'admin-password-of-the-tests';
export const passphrase = 'passphrase-of-the-tests';
/** Retries and announcements are hurried; the lease is the real one, so that a busy machine loses none by accident. */
const times = { RETRY_BASE_MS: '100', RECONCILE_INTERVAL_MS: '200', REPUBLISH_AFTER_MS: '300' };

export async function createWorld(): Promise<World> {
  const [database, redisServer, natsServer, cluster, tenantsServer] = await Promise.all([
    createTestDatabase(),
    createTestRedis(),
    createTestNats(),
    startFakeCluster(),
    createTestTenantsServer(adminPassword),
  ]);
  const { db } = database;
  const workerDatabaseUrl = await leastPrivilegeUrl(database.url);
  const home = await mkdtemp(path.join(tmpdir(), 'authsome-provisioner-'));
  const nats = await connectNats({ url: natsServer.url, name: 'test', log: createLog({ name: 'test', level: 'silent' }) });
  await ensureStreams(nats, { replicas: 1 });
  const encryptionKey = randomBytes(32).toString('base64');
  const settingsFile = path.join(home, 'settings.json');
  // Where kubectl looks for it.
  await mkdir(path.join(home, '.kube'));
  await writeFile(path.join(home, '.kube/config'), cluster.kubeconfigText);
  await writeFile(
    settingsFile,
    JSON.stringify({
      customerUrl: 'http://api.test',
      images: { instance: 'instance:test', redis: 'redis:test' },
      database: {
        shared: tenantsServer.settings,
        dedicated: { pro: { image: 'postgres:test' }, enterprise: { image: 'postgres:test' } },
      },
      cluster: { systemNamespace: 'authsome-system' },
    }),
  );
  const workspaceId = newId('ws');
  await db.insertInto('workspaces').values({ id: workspaceId, name: 'Test' }).execute();
  const workers: Worker[] = [];

  const insertJob = async (appId: string, generation: number, kind: OperationKind): Promise<string> => {
    const jobId = newId('job');
    await db.insertInto('jobs').values({ id: jobId, application_id: appId, generation, kind }).execute();
    return jobId;
  };

  const box = createSecretBox(encryptionKey);

  const world: World = {
    db,
    redis: redisServer.redis,
    redisUrl: redisServer.url,
    nats,
    natsServer,
    box,
    cluster,
    tenantsServer,
    stateUrl: database.url,

    async startWorker(overrides = {}) {
      const worker = await startWorker({
        PATH: process.env.PATH ?? '',
        HOME: home,
        PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'debug',
        DATABASE_URL: workerDatabaseUrl,
        REDIS_URL: redisServer.url,
        NATS_URL: natsServer.url,
        ENCRYPTION_KEY: encryptionKey,
        PULUMI_BACKEND_URL: database.url,
        PULUMI_CONFIG_PASSPHRASE: passphrase,
        PULUMI_HOME: home,
        TENANT_SETTINGS_FILE: settingsFile,
        OPERATION_CHILD: fileURLToPath(new URL('./scripted-child.ts', import.meta.url)),
        WORKER_NAME: `worker-${workers.length + 1}`,
        CANCEL_GRACE_MS: '1000',
        CONCURRENCY: '4',
        // Looks for drift start children, which would take the processor from what is tested.
        DRIFT_POLL_MS: '600000',
        ...times,
        ...overrides,
      });
      workers.push(worker);
      return worker;
    },

    async insertApplication({ script = ['succeed'], config = {}, columns = () => ({}) } = {}) {
      const appId = newId('app');
      await writeFile(path.join(home, `${appId}.script.json`), JSON.stringify(script));
      await db
        .insertInto('applications')
        .values({
          id: appId,
          workspace_id: workspaceId,
          name: appId,
          slug: appId.replace('_', '-'),
          environment: 'production',
          region: 'us-east-1',
          config: JSON.stringify(config),
          ...columns(appId),
        })
        .execute();
      const { id, hash, prefix } = newApiKey({ type: 'secret', environment: 'production' });
      await db
        .insertInto('api_keys')
        .values({ id, application_id: appId, name: 'first', type: 'secret', prefix, hash, scopes: ['*'] })
        .execute();
      return { appId, jobId: await insertJob(appId, 1, 'provision') };
    },

    insertConfigured: ({ script = ['succeed'], config, box: sealingBox = box }) =>
      world.insertApplication({
        script,
        columns: (appId) => {
          const { settings, sealedSecrets } = sealConfig(config, { box: sealingBox, appId });
          return { config: JSON.stringify(settings), sealed_config_secrets: JSON.stringify(sealedSecrets) };
        },
      }),

    async command(appId, wanted) {
      const row = await world.application(appId);
      const transition = command(stateOf(row), wanted);
      if (transition.type !== 'changed') throw new Error(`${wanted.kind} is ${transition.type}`);
      const { status, desired, suspensions, generation, serving } = transition.state;
      const restarted = wanted.kind === 'restart' ? { restarted_at: new Date() } : {};
      await db
        .updateTable('applications')
        .set((eb) => ({ ...{ status, desired, suspensions, generation, serving }, ...restarted, revision: eb('revision', '+', 1) }))
        .where('id', '=', appId)
        .execute();
      if (stopsOlderOperations(wanted.kind)) {
        const running = db.updateTable('jobs').where('application_id', '=', appId).where('status', '=', 'running');
        await running.set({ cancel_requested_at: new Date() }).execute();
      }
      return insertJob(appId, generation, wanted.kind);
    },

    async announce(jobId, messageId = jobId) {
      const job = await db
        .updateTable('jobs')
        .set({ published_at: new Date() })
        .where('id', '=', jobId)
        .returning(['application_id', 'generation'])
        .executeTakeFirstOrThrow();
      const message = { jobId, appId: job.application_id, generation: job.generation };
      await jetstream(nats).publish(jobStream.subject, JSON.stringify(message), { msgID: messageId });
    },

    async calls(appId) {
      const text = await readFile(path.join(home, `${appId}.calls.jsonl`), 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Call);
    },
    release: (appId) => writeFile(path.join(home, `${appId}.release`), ''),
    application: (appId) => db.selectFrom('applications').selectAll().where('id', '=', appId).executeTakeFirstOrThrow(),
    job: (jobId) => db.selectFrom('jobs').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow(),
    finished: (jobId) =>
      waitFor(
        () => world.job(jobId),
        ({ status }) => ['succeeded', 'superseded', 'dead', 'cancelled'].includes(status),
        `the end of ${jobId}`,
      ),
    async started(appId, times) {
      await waitFor(
        () => world.calls(appId),
        (calls) => calls.length >= times,
        `child ${times}`,
      );
    },
    operations: (appId) => db.selectFrom('operations').selectAll().where('application_id', '=', appId).orderBy('fencing_token').execute(),

    async close() {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.exited));
      await nats.close();
      await Promise.all([database.drop(), redisServer.close(), natsServer.close(), cluster.close(), tenantsServer.drop()]);
      await rm(home, { recursive: true, force: true });
    },
  };
  return world;
}

async function startWorker(env: Record<string, string>): Promise<Worker> {
  const child = spawn(process.execPath, ['services/provisioner/main.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const exited = new Promise<number | string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code ?? 0)));
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const ports = new Promise<[number, number]>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const { msg, port, metricsPort } = JSON.parse(line) as { msg: string; port?: number; metricsPort?: number };
      if (msg === 'Listening' && port !== undefined && metricsPort !== undefined) resolve([port, metricsPort]);
    });
  });
  const started = await Promise.race([ports, exited]);
  if (!Array.isArray(started) || child.exitCode !== null) throw new Error(`The worker did not start: ${lines.join('\n')}`);
  return {
    url: `http://127.0.0.1:${started[0]}`,
    metricsUrl: `http://127.0.0.1:${started[1]}/metrics`,
    pid: child.pid ?? 0,
    name: env.WORKER_NAME ?? '',
    lines,
    kill: (signal) => void child.kill(signal),
    exited,
  };
}

/** Waits until the reading is what the test waits for, and returns it; fails with the last one after 30 s. */
export async function waitFor<T>(read: () => T | Promise<T>, ready: (value: T) => boolean, what: string, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (ready(value)) return value;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
