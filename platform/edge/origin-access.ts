import type { PlatformSettings } from '../settings.ts';
import { cloudflareRanges } from './cloudflare-ranges.ts';

/** Secrets in the system namespace that the ingress reads: its certificate and key, and whose certificates it asks callers for (`ca.crt`). */
export const originTlsSecret = 'edge-origin-tls';
export const originPullCaSecret = 'edge-origin-pull-ca';

/** How the ingress is to know that a caller has come through the edge, so that nobody gets around its rules. */
export interface OriginAccess {
  /** From where connections may come. */
  sourceRanges: readonly string[];
  tlsSecret: string;
  callersCaSecret: string;
}

/** Undefined where there is no edge: then the ingress is the first thing that callers meet. */
export function originAccess({ edge }: Pick<PlatformSettings, 'edge'>): OriginAccess | undefined {
  if (edge?.enabled !== true) return undefined;
  const sourceRanges = [...cloudflareRanges.ipv4, ...cloudflareRanges.ipv6];
  return { sourceRanges, tlsSecret: originTlsSecret, callersCaSecret: originPullCaSecret };
}
