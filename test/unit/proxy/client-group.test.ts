import test from 'ava';
import { clientGroup } from '../../../proxy/http/client-group.ts';

for (const [address, group] of [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::', '2001:db8:1:2'],
  ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
  ['no address', 'no address'],
  ['x'.repeat(1_000), 'x'.repeat(45)],
] as const) {
  test(`${address.slice(0, 50)} is counted as ${group}`, (t) => t.is(clientGroup(address), group));
}
