import { join } from 'node:path';
import { profiles } from '../../platform/profiles.ts';
import type { PlatformSettings } from '../../platform/settings.ts';
import { clusterSettings } from '../../toolchain/cluster/settings.ts';
import type { CliContext } from '../context.ts';
import { readImageReferences } from './image-references.ts';

export interface PlatformUrls {
  control: string;
  customer: string;
}

/** Where this platform's two front doors are; AUTHSOME_CONTROL_URL and AUTHSOME_CUSTOMER_URL say otherwise, for a forwarded port. */
export function platformUrls(context: CliContext, env: NodeJS.ProcessEnv = process.env): PlatformUrls {
  const profile = profileOf(context);
  return { control: env['AUTHSOME_CONTROL_URL'] ?? profile.urls.control, customer: env['AUTHSOME_CUSTOMER_URL'] ?? profile.urls.customer };
}

/** The namespace of the platform's own parts. */
export function platformNamespace(context: CliContext): string {
  return profileOf(context).namespace;
}

function profileOf(context: CliContext): PlatformSettings {
  return profiles[context.stack as keyof typeof profiles] ?? profiles.local;
}

/** The two front doors with their names, for steps that go through both. */
export function platformAddresses(context: CliContext): [name: string, url: string][] {
  const { control, customer } = platformUrls(context);
  return [
    ['control', control],
    ['customer', customer],
  ];
}

/** The pages of what watches a local platform, by their names; elsewhere `kubectl port-forward` shows them. */
export async function observabilityAddresses(context: CliContext): Promise<[name: string, url: string][]> {
  const ports = profileOf(context).observability?.nodePorts;
  if (context.kind === 'external' || ports === undefined) return [];
  const deployed = await readImageReferences(join(context.paths.stateDir, 'images.json'));
  return (['prometheus', 'alertmanager', 'jaeger', 'grafana'] as const)
    .filter((name) => deployed[name] !== undefined)
    .map((name) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, `http://${clusterSettings.nodeIp}:${ports[name]}`]);
}

/** @returns whether a service says of itself that it is ready */
export async function answersReady(baseUrl: string): Promise<boolean> {
  return fetch(`${baseUrl}/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}
