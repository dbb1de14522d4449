import test from 'ava';
import { clientKey } from '../../../../services/shared/guard/client-key.ts';

for (const [address, key] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['192.0.2.1:4711', '192.0.2.1'],
  ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
  ['', null],
  ['unknown', null],
  ['192.0.2.1, 192.0.2.2', null],
] as const) {
  test(`"${address}" is counted as ${key}`, (t) => t.is(clientKey(address), key));
}
