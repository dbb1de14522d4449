import type { PlannedResource } from './planned-resource.ts';

/** A step of a plan that would lose data. */
export interface Loss {
  urn: string;
  /** How it is allowed, and told: `StatefulSet/postgres`. */
  name: string;
  op: 'replace' | 'delete';
  /** The fields for which it would be replaced. */
  because: string[];
  loses: string;
}

export interface Verdict {
  refused: Loss[];
  allowed: Loss[];
  /** Names that were allowed, and that the plan does not touch. */
  unused: string[];
}

const generated = 'a password or key that nothing else remembers: what it protects can no longer be opened';

/** What is gone with a resource of these types. */
const losses: Record<string, (resource: PlannedResource) => string | undefined> = {
  'kubernetes:core/v1:Namespace': () => 'everything in the namespace',
  'kubernetes:core/v1:PersistentVolume': () => 'the volume',
  'kubernetes:core/v1:PersistentVolumeClaim': () => 'the volume that it claims',
  'kubernetes:apps/v1:StatefulSet': (resource) => (hasVolumes(resource) ? 'the server, whose new one may not find its volumes' : undefined),
  'postgresql:index/database:Database': () => 'the database',
  'random:index/randomPassword:RandomPassword': () => generated,
  'random:index/randomId:RandomId': () => generated,
  'random:index/randomBytes:RandomBytes': () => generated,
  'tls:index/privateKey:PrivateKey': () => generated,
};

/**
 * Finds what a plan would delete or replace that holds data, and refuses it unless it is allowed by name.
 *
 * @param allowedNames URNs, `Kind/name`, or the resource's name alone
 */
export function guardData(plan: readonly PlannedResource[], allowedNames: readonly string[]): Verdict {
  const found = plan.flatMap((resource) => lossOf(resource));
  const isMeant = (loss: Loss, name: string): boolean =>
    name === loss.urn || name === loss.name || name === loss.name.slice(loss.name.indexOf('/') + 1);
  return {
    refused: found.filter((loss) => !allowedNames.some((name) => isMeant(loss, name))),
    allowed: found.filter((loss) => allowedNames.some((name) => isMeant(loss, name))),
    unused: allowedNames.filter((name) => !found.some((loss) => isMeant(loss, name))),
  };
}

function lossOf(resource: PlannedResource): Loss[] {
  const { urn, kind, name, op, fields } = resource;
  if (op !== 'delete' && op !== 'replace') return [];
  const loses = losses[resource.type]?.(resource);
  if (loses === undefined) return [];
  const because = fields.filter(({ replaces }) => replaces).map(({ path }) => path);
  return [{ urn, name: `${kind}/${name}`, op, because, loses }];
}

/** By what is there, not by what is wanted. */
function hasVolumes({ before }: PlannedResource): boolean {
  const spec = before?.['spec'] as { volumeClaimTemplates?: unknown[] } | undefined;
  return (spec?.volumeClaimTemplates?.length ?? 0) > 0;
}
