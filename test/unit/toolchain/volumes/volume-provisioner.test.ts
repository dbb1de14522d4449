import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { provisionVolumes } from '../../../../toolchain/cluster/volume-provisioner.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { startFakeApiServer } from './fake-api-server.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { claim, nodeName, releasedVolume, volumeName } from './objects.ts';

interface Provisioner {
  server: FakeApiServer;
  volumesDir: string;
  folder: string;
  rounds: () => number;
  errors: () => number;
  /** @returns what ends it */
  start: () => () => Promise<void>;
}

/** A provisioner that is started when the test says so, and a server for it. */
async function provisioner(t: ExecutionContext): Promise<Provisioner> {
  const server = await startFakeApiServer();
  const volumesDir = await mkdtemp(join(tmpdir(), 'volumes-'));
  let [rounds, errors] = [0, 0];
  const running = new Set<() => Promise<void>>();
  t.teardown(async () => {
    for (const stop of running) await stop();
    await server.close();
    await rm(volumesDir, { recursive: true });
  });
  return {
    server,
    volumesDir,
    folder: join(volumesDir, 'claims', volumeName),
    rounds: () => rounds,
    errors: () => errors,
    start: () => {
      const ended = new AbortController();
      const run = provisionVolumes({
        kubeconfig: server.kubeconfig,
        volumesDir,
        nodeName,
        signal: ended.signal,
        log: (facts) => (errors += 'error' in facts ? 1 : 0),
        onDone: () => (rounds += 1),
      });
      const stop = async (): Promise<void> => {
        ended.abort();
        await run;
      };
      running.add(stop);
      return stop;
    },
  };
}

test('a claim gets a folder that only its pod’s group may enter, and a volume of it', async (t) => {
  const { server, folder, start } = await provisioner(t);
  server.claims.set('one', claim());
  start();
  await waitFor('the volume', () => server.volumes.get(volumeName));
  t.is((await stat(folder)).mode & 0o777, 0o770);
  t.is(server.volumes.get(volumeName)?.spec?.local?.path, folder);
});

test('a claim that comes later is seen at once', async (t) => {
  const { server, rounds, start } = await provisioner(t);
  start();
  await waitFor('the first round', () => rounds() > 0);
  // Until both watches are open an announcement reaches nobody.
  await waitFor('the volume', () => {
    server.claims.set('one', claim());
    server.announce();
    return server.volumes.get(volumeName);
  });
  t.pass();
});

test('when its claim is gone, data and volume go, and links in it lead nowhere', async (t) => {
  const { server, volumesDir, folder, start } = await provisioner(t);
  const outside = join(volumesDir, 'postgres');
  await mkdir(outside);
  await writeFile(join(outside, 'precious'), 'data');
  await mkdir(join(folder, 'pgdata'), { recursive: true });
  await symlink(outside, join(folder, 'pgdata', 'link'));
  server.volumes.set(volumeName, releasedVolume(volumesDir));
  start();
  await waitFor('the end of the volume', () => !server.volumes.has(volumeName));
  t.false(existsSync(folder));
  t.is(await readFile(join(outside, 'precious'), 'utf8'), 'data');
});

test('a volume in use is left alone, with its data', async (t) => {
  const { server, volumesDir, folder, rounds, start } = await provisioner(t);
  await mkdir(folder, { recursive: true });
  server.volumes.set(volumeName, releasedVolume(volumesDir, { phase: 'Bound' }));
  server.claims.set('one', claim({ spec: { volumeName } }));
  start();
  await waitFor('a round', () => rounds() > 0);
  t.deepEqual(server.writes, []);
  t.true(existsSync(folder));
});

test('a provisioner that was ended in the middle goes on from there', async (t) => {
  const { server, folder, rounds, start } = await provisioner(t);
  // It had made the folder, and not the volume.
  await mkdir(folder, { recursive: true });
  server.claims.set('one', claim());
  const stop = start();
  await waitFor('the volume', () => server.volumes.has(volumeName));
  await stop();
  const before = rounds();
  start();
  await waitFor('a round', () => rounds() > before);
  t.deepEqual(server.writes, ['POST /api/v1/persistentvolumes']);
});

test('a volume whose data is gone already is removed', async (t) => {
  const { server, volumesDir, start } = await provisioner(t);
  server.volumes.set(volumeName, releasedVolume(volumesDir));
  start();
  await waitFor('the end of the volume', () => !server.volumes.has(volumeName));
  t.pass();
});

test('a folder of no volume goes when it is empty, and stays when there is data in it', async (t) => {
  const { volumesDir, folder, rounds, start } = await provisioner(t);
  const other = join(volumesDir, 'claims', volumeName.replace('a3c1', 'b3c1'));
  await mkdir(folder, { recursive: true });
  await mkdir(join(other, 'pgdata'), { recursive: true });
  await mkdir(join(volumesDir, 'postgres'));
  start();
  await waitFor('a round', () => rounds() > 0);
  t.deepEqual([existsSync(folder), existsSync(other), existsSync(join(volumesDir, 'postgres'))], [false, true, true]);
});

test('what is in the place of a folder is not taken for one', async (t) => {
  const { server, volumesDir, folder, errors, start } = await provisioner(t);
  await mkdir(join(volumesDir, 'claims'));
  await symlink(tmpdir(), folder);
  server.claims.set('one', claim());
  start();
  await waitFor('an error', () => errors() > 0);
  t.is(server.volumes.size, 0);
});

test('it outlives an API server that goes away and comes back', async (t) => {
  const { server, rounds, errors, start } = await provisioner(t);
  start();
  await waitFor('the first round', () => rounds() > 0);
  server.refuse(true);
  server.cutConnections();
  await waitFor('an error', () => errors() > 0);
  server.refuse(false);
  server.claims.set('one', claim());
  await waitFor('the volume', () => server.volumes.has(volumeName));
  t.pass();
});
