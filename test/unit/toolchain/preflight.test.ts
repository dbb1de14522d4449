import { createServer } from 'node:net';
import test from 'ava';
import { findObstacles } from '../../../toolchain/cluster/preflight.ts';
import type { Machine } from '../../../toolchain/cluster/preflight.ts';
import { clusterSettings } from '../../../toolchain/cluster/settings.ts';

const gibibyte = 1024 ** 3;

function machine(change: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    uid: 0,
    freeDisk: () => Promise.resolve(100 * gibibyte),
    availableMemory: () => Promise.resolve(16 * gibibyte),
    ...change,
  };
}

// One after the other: each look at the machine holds every port for a moment.
const refused = test.macro({
  exec: async (t, change: Partial<Machine>, what: RegExp, remedy: RegExp) => {
    const found = await findObstacles('/var/lib/somewhere', machine(change));
    const obstacle = found.find((candidate) => what.test(candidate.what));
    t.truthy(obstacle, JSON.stringify(found));
    t.regex(obstacle?.remedy ?? '', remedy);
  },
  title: (name) => `${name} is named, with a remedy`,
});

test.serial('a system that is not Linux', refused, { platform: 'darwin' }, /needs Linux, this is darwin/, /KUBECONFIG/);
test.serial('a user who is not root', refused, { uid: 1000 }, /as root/, /sudo/);
test.serial(
  'a full disk',
  refused,
  { freeDisk: () => Promise.resolve(gibibyte / 2) },
  /0\.5 GiB free at \/var\/lib\/somewhere/,
  /AUTHSOME_STATE_DIR/,
);
test.serial(
  'too little memory',
  refused,
  { availableMemory: () => Promise.resolve(gibibyte) },
  /1\.0 GiB memory available/,
  /stop something/,
);

test.serial('a port in use is named, with how to find its owner', async (t) => {
  const port = clusterSettings.dnsHealthPort;
  const server = createServer();
  // Where a local cluster runs, it holds the port itself: in use all the same.
  const listening = new Promise((resolve) => server.once('listening', resolve).once('error', resolve));
  server.listen(port, '127.0.0.1');
  await listening;
  t.teardown(() => server.close());
  const found = await findObstacles('/', machine());
  const obstacle = found.find(({ what }) => what === `port ${port} is in use`);
  t.truthy(obstacle, JSON.stringify(found));
  t.regex(obstacle?.remedy ?? '', /ss -ltnp/);
});
