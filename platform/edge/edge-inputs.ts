import * as pulumi from '@pulumi/pulumi';
import type { PlatformInputs } from '../load-settings.ts';
import type { EdgeSettings } from './edge-settings.ts';

/** What the edge is made of, complete. */
export interface EdgeInputs {
  zoneId: string;
  origin: string;
  /** Of the control API and of customers' applications. */
  apiHosts: string[];
  dashboardHost: string | undefined;
  rateLimits: EdgeSettings['rateLimits'];
  apiToken: pulumi.Output<string>;
  /** Of Cloudflare's API, where it is not the public one. */
  baseUrl: string | undefined;
}

/** Stand for what nobody has told a rehearsal (`authsome preview` without a cluster): the first is no zone's id, the second RFC 5737's. */
const rehearsed = { zoneId: '0'.repeat(32), origin: '192.0.2.1' };

/**
 * Reads what the edge needs from settings and the configuration `cloudflare:apiToken`; undefined where it is off.
 *
 * @throws Error naming everything that is missing, and how to set it or to do without an edge
 */
export function edgeInputs({ settings, renderTo }: Pick<PlatformInputs, 'settings' | 'renderTo'>): EdgeInputs | undefined {
  const { edge, urls } = settings;
  if (edge?.enabled !== true) return undefined;
  const config = new pulumi.Config('cloudflare');
  const { zoneId, origin } = renderTo === undefined ? edge : { ...rehearsed, ...edge };
  const apiToken = config.getSecret('apiToken');
  const missing = [
    zoneId === undefined && 'authsome:settings.edge.zoneId: the id of the Cloudflare zone, from its overview page',
    origin === undefined && 'authsome:settings.edge.origin: the address or host name of the ingress’s load balancer',
    apiToken === undefined && 'cloudflare:apiToken, a secret: pulumi config set --secret cloudflare:apiToken',
  ].filter((line) => line !== false);
  if (zoneId === undefined || origin === undefined || apiToken === undefined)
    throw new Error(
      [
        `profile ${settings.profile} puts Cloudflare in front of the platform, but these are not set:`,
        ...missing.map((line) => `- ${line}`),
        'See docs/edge.md; or set authsome:settings.edge.enabled to false to do without.',
      ].join('\n'),
    );
  return {
    zoneId,
    origin,
    apiHosts: [...new Set([urls.control, urls.customer].map((url) => new URL(url).hostname))],
    dashboardHost: urls.dashboard && new URL(urls.dashboard).hostname,
    rateLimits: edge.rateLimits,
    apiToken,
    baseUrl: config.get('baseUrl'),
  };
}
