import { isIPv6 } from 'node:net';

const mappedIpv4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/**
 * The clients that a limit counts as one: an IPv4 address, or a /64 of IPv6, of which one subscriber has all addresses (RFC 6177).
 *
 * @param address as clientAddress() gives it; what is no address is its own group, cut to the length of one
 */
export function clientGroup(address: string): string {
  const mapped = mappedIpv4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return address.slice(0, 45);
  const [head = '', tail] = bare.toLowerCase().split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  // An IPv4 address at the end stands for two groups.
  const written = before.length + after.length + (bare.includes('.') ? 1 : 0);
  const all = tail === undefined ? before : [...before, ...Array<string>(8 - written).fill('0'), ...after];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
