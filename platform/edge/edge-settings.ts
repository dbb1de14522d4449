import { isIP } from 'node:net';
import { z } from 'zod';

const hostName = z.string().regex(/^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/, 'must be a host name in lower case');

/** Cloudflare in front of the platform, at the hosts of `urls`. */
export const edgeSettingsSchema = z.strictObject({
  /** Off where the platform is reached in another way; then nothing is asked of Cloudflare, and the ingress lets anybody in. */
  enabled: z.boolean(),
  /** Of the zone that the hosts are in; 32 hexadecimal digits, shown on its overview page. */
  zoneId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be the id of a zone, 32 hexadecimal digits, not its name')
    .optional(),
  /** Where Cloudflare finds the ingress: the IPv4 or IPv6 address of its load balancer, or its host name. */
  origin: z.union([z.ipv4(), z.ipv6(), hostName]).optional(),
  rateLimits: z.strictObject({
    /** Requests of one address to one data centre, averaged over 10 s, above which it is blocked for a minute. */
    blockAbovePerSecond: z.int().min(1).max(10_000),
    /** Requests of one address in a minute above which a browser has to prove that there is a person. */
    challengeAbovePerMinute: z.int().min(1).max(600_000),
  }),
});

export type EdgeSettings = z.output<typeof edgeSettingsSchema>;

/** Of the record that leads to an origin. */
export function recordType(origin: string): 'A' | 'AAAA' | 'CNAME' {
  const version = isIP(origin);
  if (version === 0) return 'CNAME';
  return version === 4 ? 'A' : 'AAAA';
}
