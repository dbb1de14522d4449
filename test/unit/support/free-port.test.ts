import { readFileSync } from 'node:fs';
import test from 'ava';
import { freePort } from '../../support/free-port.ts';

/** Where the kernel takes the ports of outgoing connections from; other systems begin higher. */
function firstEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return 32_768;
  }
}

test('ports of tests are outside of the range that the kernel gives to clients, so that none is connected to itself', async (t) => {
  for (let count = 0; count < 50; count += 1) t.true((await freePort()) < firstEphemeralPort());
});

test('no port is given out twice', async (t) => {
  const ports = await Promise.all(Array.from({ length: 100 }, () => freePort()));
  t.is(new Set(ports).size, ports.length);
});
