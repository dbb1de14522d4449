import { canLimitSources } from './cluster/ingress-controllers.ts';
import { scaling } from './scaling.ts';
import type { ScaledBy } from './scaling.ts';
import type { PlatformSettings } from './settings.ts';

export interface SettingsProblem {
  path: string[];
  message: string;
}

const scaledBy: Record<keyof PlatformSettings['workloads'], ScaledBy> = { controlApi: 'load', proxy: 'load', provisioner: 'jobs' };

/** Rules that hold between the settings: each is fine by itself, and together they would not work. */
export function checkSettings(settings: PlatformSettings): SettingsProblem[] {
  return [...checkWorkloads(settings), ...checkFrontDoor(settings), ...checkMeasures(settings)];
}

function checkWorkloads(settings: PlatformSettings): SettingsProblem[] {
  return Object.entries(settings.workloads).flatMap(([name, workload]) => {
    const path = ['workloads', name];
    const { autoscale, minAvailable } = workload;
    const { atLeast } = scaling(workload, scaledBy[name as keyof typeof scaledBy], settings);
    return [
      ...problem(autoscale !== undefined && autoscale.max <= autoscale.min, [...path, 'autoscale'], 'max must be above min'),
      ...problem(
        minAvailable !== undefined && atLeast > 1 && minAvailable >= atLeast,
        [...path, 'minAvailable'],
        `must be below the ${atLeast} replicas that there are, or no node could be emptied`,
      ),
    ];
  });
}

function checkFrontDoor({ ingress, edge, urls, certificateIssuer }: PlatformSettings): SettingsProblem[] {
  const issuer = certificateIssuer;
  const served = ingress !== undefined || edge?.enabled === true ? Object.entries(urls) : [];
  return [
    ...served.flatMap(([name, url = '']) =>
      problem(!URL.canParse(url) || new URL(url).protocol !== 'https:', ['urls', name], 'must be https, since an ingress serves it'),
    ),
    ...problem(
      edge?.enabled !== true && ingress?.allowedCidrs !== undefined && !canLimitSources(ingress.controller),
      ['ingress', 'allowedCidrs'],
      'this controller takes no such limit from an Ingress: set it at its load balancer, and leave this out',
    ),
    ...checkBehindEdge({ ingress, edge }),
    ...problem(
      ingress?.dashboard !== undefined && urls.dashboard === undefined,
      ['urls', 'dashboard'],
      'must be given where the ingress has a dashboard to lead to',
    ),
    ...problem(
      issuer !== undefined && issuer.http01 === (issuer.dns01 !== undefined),
      ['certificateIssuer'],
      'must have one of http01 and dns01',
    ),
    ...problem(
      issuer?.http01 === true && ingress === undefined,
      ['certificateIssuer', 'http01'],
      'needs an ingress, through which the answer is given',
    ),
  ];
}

function checkBehindEdge({ ingress, edge }: Pick<PlatformSettings, 'ingress' | 'edge'>): SettingsProblem[] {
  if (ingress === undefined || edge?.enabled !== true) return [];
  return [
    ...problem(
      !canLimitSources(ingress.controller),
      ['ingress', 'controller'],
      'must be one that can be told to let in Cloudflare alone; for a way in of your own see docs/clusters.md',
    ),
    ...problem(
      ingress.allowedCidrs !== undefined,
      ['ingress', 'allowedCidrs'],
      'must be left out where the edge is on: only Cloudflare connects then',
    ),
  ];
}

function checkMeasures({ metricsServer, tenants, queueScaling, observability }: PlatformSettings): SettingsProblem[] {
  return [
    ...problem(
      metricsServer !== undefined && !tenants.metricsApi,
      ['tenants', 'metricsApi'],
      'must be true where there is a metricsServer',
    ),
    ...problem(
      queueScaling !== undefined && queueScaling.prometheusUrl === undefined && observability === undefined,
      ['queueScaling', 'prometheusUrl'],
      'must be given where the platform has no Prometheus of its own',
    ),
  ];
}

function problem(broken: boolean, path: string[], message: string): SettingsProblem[] {
  return broken ? [{ path, message }] : [];
}
