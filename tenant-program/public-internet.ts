import { BlockList } from 'node:net';
import type { TenantSpec } from './spec.ts';

/**
 * What of IPv4 is not the public internet: the IANA registry of special purpose addresses, among them every private range (RFC 1918, RFC
 * 6598) and the link-local one of clouds' metadata services, multicast, and the address of Azure's platform services, which looks public.
 */
const specialIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * All IPv6 addresses that are given out: unique local and link-local ones, and those that hold an IPv4 address in them (mapped, NAT64), are
 * outside. Inside, but not the internet: Teredo and 6to4, which hold IPv4 addresses too, and documentation.
 */
const globalIpv6 = { address: '2000::', prefix: 3 };
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

export interface IpBlock {
  cidr: string;
  except: string[];
}

/** The public internet as network policies name it, without the cluster's own addresses. */
export function publicInternet({ ipv6, internalCidrs }: TenantSpec['cluster']): IpBlock[] {
  const [ours4, ours6] = [internalCidrs.filter((cidr) => !cidr.includes(':')), internalCidrs.filter(isGlobalIpv6)];
  const ipv4Block = { cidr: '0.0.0.0/0', except: [...specialIpv4, ...ours4] };
  return ipv6 ? [ipv4Block, { cidr: `${globalIpv6.address}/${globalIpv6.prefix}`, except: [...specialIpv6, ...ours6] }] : [ipv4Block];
}

/** An exception must be inside of the block that it is from. */
function isGlobalIpv6(cidr: string): boolean {
  const [address = ''] = cidr.split('/');
  return cidr.includes(':') && globalAddresses.check(address, 'ipv6');
}

const globalAddresses = new BlockList();
globalAddresses.addSubnet(globalIpv6.address, globalIpv6.prefix, 'ipv6');
