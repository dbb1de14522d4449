import { tenantNames } from '../../../tenant-program/names.ts';
import type { Thing, ThingKind } from './inventory.ts';

/** As the tenant program's spec has it: anything else is no application's. */
const appIdPattern = /^app_[a-z0-9]{6,24}$/;

/** The name that an application's thing of this kind has. */
export function nameOf(kind: ThingKind, appId: string): string {
  const names = tenantNames(appId);
  switch (kind) {
    case 'stack':
    case 'namespace':
    case 'database':
    case 'role':
      return names[kind];
    case 'volume':
      // Volumes have names of their storage's making; they are told by the namespace of their claims.
      return names.namespace;
    case 'route':
      return appId;
  }
}

export function thingOf(kind: ThingKind, appId: string): Thing {
  return { kind, name: nameOf(kind, appId), appId };
}

/** The thing that has this name, or undefined where no application's thing of the kind is called so. */
export function thingNamed(kind: ThingKind, name: string): Thing | undefined {
  const appId = /app[-_][a-z0-9]+/.exec(name)?.[0].replace('-', '_');
  return appId !== undefined && appIdPattern.test(appId) && nameOf(kind, appId) === name ? { kind, name, appId } : undefined;
}

export function thingsNamed(kind: ThingKind, names: readonly string[]): Thing[] {
  return names.map((name) => thingNamed(kind, name)).filter((thing) => thing !== undefined);
}
