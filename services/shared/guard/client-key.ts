import { isIPv4, isIPv6 } from 'node:net';

const groupsOfNetwork = 4;
/** Some load balancers add the port. */
const withPort = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/;

/**
 * What a client is counted by: its IPv4 address, or the /64 of its IPv6 address, since one customer of a provider has at least a whole /64
 * to choose addresses from.
 *
 * @returns null for text that is no address: such a client is not counted by where it comes from
 */
export function clientKey(address: string): string | null {
  const [, bracketed, plain] = withPort.exec(address.trim()) ?? [];
  const [bare = ''] = (bracketed ?? plain ?? address.trim()).split('%');
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return null;
  const groups = expand(bare);
  const isMappedIPv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (isMappedIPv4) return [groups[6] ?? 0, groups[7] ?? 0].flatMap((group) => [group >> 8, group & 0xff]).join('.');
  const network = groups.slice(0, groupsOfNetwork).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** The eight groups of an IPv6 address. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const [first, last] = [readGroups(head), tail === undefined ? [] : readGroups(tail)];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

function readGroups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
