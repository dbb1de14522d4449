import type { SweepFinding } from '../../../shared/db/tables.ts';
import type { Thing, ThingKind } from '../../inventory/inventory.ts';
import { thingOf } from '../../inventory/things.ts';
import type { ApplicationFacts } from './read-applications.ts';

/** What exists and what is to exist. */
export interface Comparison {
  /** By application. */
  things: ReadonlyMap<string, readonly Thing[]>;
  /** Every application that is not deleted, and those of the things that are. */
  applications: readonly ApplicationFacts[];
}

/** What belongs to no application that is to have it, and what applications lack. Those that are being changed are left out. */
export function compareThings({ things, applications }: Comparison): SweepFinding[] {
  const byId = new Map(applications.map((application) => [application.id, application]));
  const orphans = [...things].flatMap(([appId, existing]) =>
    isGone(byId.get(appId)) ? existing.map((thing) => finding(thing, 'orphan')) : [],
  );
  const missing = applications.flatMap((application) => {
    const existing = new Set(things.get(application.id)?.map(({ kind }) => kind));
    return kindsOf(application)
      .filter((kind) => !existing.has(kind))
      .map((kind) => finding(thingOf(kind, application.id), 'missing'));
  });
  return [...orphans, ...missing];
}

function isGone(application: ApplicationFacts | undefined): boolean {
  return application === undefined || (application.status === 'deleted' && application.settled);
}

/** What an application is to have for certain. One whose deletion failed, or that never came up, may have any part of it. */
function kindsOf({ status, desired, databaseTier, observedGeneration, settled }: ApplicationFacts): ThingKind[] {
  if (!settled || status === 'deleted' || desired === 'absent') return [];
  if (observedGeneration === 0) return ['route'];
  return ['stack', 'namespace', ...(databaseTier === 'shared' ? (['database', 'role'] as const) : []), 'route'];
}

function finding({ kind, name, appId }: Thing, problem: SweepFinding['problem']): SweepFinding {
  return { kind, name, applicationId: appId, problem, outcome: null };
}
