import { rmSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import type { StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import test from 'ava';
import { startConsumer } from '../../../services/provisioner/consumer.ts';
import { publishWakeUp } from '../../../services/provisioner/publish-jobs.ts';
import { ensureStreams } from '../../../services/shared/jobs/ensure-streams.ts';
import { deadLetterStream, jobStream } from '../../../services/shared/jobs/job.ts';
import { createLog } from '../../../services/shared/log.ts';
import { connectNats } from '../../../services/shared/nats.ts';
import { makeServerDirectory } from '../../support/local-services.ts';
import { startNatsCluster } from '../../support/start-nats-cluster.ts';
import type { NatsCluster } from '../../support/start-nats-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { natsClient } from '../../support/nats-client.ts';

// Three servers with the configuration of the production profile. A new leader takes a few seconds.
const timeoutMs = 120_000;
const log = createLog({ name: 'test', level: 'silent' });
const directory = makeServerDirectory();

let cluster: NatsCluster;
let nats: NatsConnection;
test.before(async () => {
  cluster = await startNatsCluster(directory);
  nats = await natsClient(cluster.options);
});
test.after.always(async () => {
  await nats?.close();
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const streamInfo = async (stream: string = jobStream.stream): Promise<StreamInfo> => (await jetstreamManager(nats)).streams.info(stream);
const leaderOf = async (): Promise<number> => Number((await streamInfo()).cluster?.leader?.slice(-1));
const upToDate = async (): Promise<boolean> => {
  const replicas = (await streamInfo()).cluster?.replicas ?? [];
  return replicas.length === 2 && replicas.every(({ current }) => current);
};
const announce = (jobId: string) => publishWakeUp(nats, { jobId, appId: 'app_test00', generation: 1 }, jobId);
const retrying = <T>(what: string, act: () => Promise<T>) => waitFor(what, async () => act().catch(() => undefined));

test.serial(
  'a stream has three copies, which outlive the server that leads; one with a single copy gets them without being asked twice',
  async (t) => {
    t.timeout(timeoutMs);
    await ensureStreams(nats, { replicas: 1 });
    await ensureStreams(nats, { replicas: 3 });
    // What a process does that a rollout has not reached yet.
    await ensureStreams(nats, { replicas: 1 });
    await waitFor('three equal copies', upToDate);
    t.is((await streamInfo(deadLetterStream.stream)).config.num_replicas, 3);
    for (const jobId of ['job_a', 'job_b', 'job_c']) await announce(jobId);

    const first = await leaderOf();
    await cluster.kill(first);
    const left = await retrying('another leader', async () => {
      const info = await streamInfo();
      return info.cluster?.leader === `nats-${first}` ? undefined : info;
    });
    t.is(left?.state.messages, 3);
    await cluster.start(first);
    await waitFor('three equal copies', upToDate);
    await (await jetstreamManager(nats)).streams.purge(jobStream.stream);
  },
);

test.serial(
  'with one of three servers gone, the very one that leads, every job is taken, and a worker that starts then works too',
  async (t) => {
    t.timeout(timeoutMs);
    await ensureStreams(nats, { replicas: 3 });
    const leader = await leaderOf();
    const taken = new Set<string>();
    const startWorker = async (url: string) => {
      const connection = await connectNats({ url, name: 'test', log });
      const consumer = startConsumer({
        nats: connection,
        concurrency: 2,
        ensureStreams: () => ensureStreams(connection, { replicas: 3 }),
        handle: ({ jobId }) => {
          taken.add(jobId);
          return Promise.resolve({ type: 'done' });
        },
        log,
      });
      t.teardown(async () => {
        await consumer.stop();
        await connection.close();
      });
    };
    // Connected to the server that is about to end: it is told of the others by the server itself.
    await startWorker(cluster.urls[leader] ?? '');
    await announce('job_before');
    await waitFor('a job to be taken', () => taken.has('job_before'));

    await cluster.kill(leader);
    const jobs = Array.from({ length: 10 }, (_, index) => `job_during${index}`);
    for (const jobId of jobs) await retrying(`${jobId} to be announced`, async () => (await announce(jobId), true));
    await waitFor('all jobs to be taken', () => jobs.every((jobId) => taken.has(jobId)));

    await startWorker(cluster.urls[(leader + 1) % 3] ?? '');
    await announce('job_after');
    await waitFor('one more job to be taken', () => taken.has('job_after'));
    await waitFor('an empty queue', async () => (await streamInfo()).state.messages === 0);

    await cluster.start(leader);
    await waitFor('three equal copies', upToDate);
    t.is(taken.size, jobs.length + 2);
  },
);

test.serial('the servers of a cluster let nobody in without a password', async (t) => {
  t.timeout(timeoutMs);
  await t.throwsAsync(natsClient({ servers: cluster.options.servers, reconnect: false }), { message: /authorization/i });
});
