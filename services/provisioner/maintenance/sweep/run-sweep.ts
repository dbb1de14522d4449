import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, SweepFinding } from '../../../shared/db/tables.ts';
import type { Inventory, Thing } from '../../inventory/inventory.ts';
import { syncRoute } from '../../sync-route.ts';
import { compareThings } from './compare-things.ts';
import { readApplications } from './read-applications.ts';
import { removeOrphan } from './remove-orphan.ts';

export interface SweepDependencies {
  db: Kysely<Database>;
  redis: Redis;
  inventory: Inventory;
  /** See SWEEP_QUIET_MS. */
  quietMs: number;
}

/**
 * Orphans of more applications than these that the control database has never heard of are not removed: then it is not they that are wrong,
 * but the database, which was restored from an old backup or is another installation's.
 */
const maxUnknown = 20;

/**
 * Compares everything that exists with the applications' rows. A repair removes what belongs to nobody and publishes routes; whatever else an
 * application lacks is for its own repair, which is an operation. Either tries again what deletions have left disabled.
 *
 * @throws Error where a place can't be listed: half a picture would be a wrong one
 */
export async function runSweep(deps: SweepDependencies, { repair }: { repair: boolean }, signal: AbortSignal): Promise<SweepFinding[]> {
  const { db, inventory, quietMs } = deps;
  for (const place of inventory) await place.retry?.(signal);
  const since = await readNow(db);
  // Things before rows: whatever is found was made for a row that was there already.
  const things = await listThings(inventory, signal);
  const applications = await readApplications(db, { ids: [...things.keys()], since, quietMs });
  const findings = await confirm(inventory, compareThings({ things, applications }));
  if (!repair) return findings;
  const known = new Set(applications.map(({ id }) => id));
  return repairAll(deps, findings, known, signal);
}

async function readNow(db: Kysely<Database>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now ?? new Date();
}

async function listThings(inventory: Inventory, signal: AbortSignal): Promise<Map<string, Thing[]>> {
  const things = new Map<string, Thing[]>();
  for (const place of inventory)
    for await (const page of place.list()) {
      signal.throwIfAborted();
      for (const thing of page) things.set(thing.appId, [...(things.get(thing.appId) ?? []), thing]);
    }
  return things;
}

/** Looks again for each thing: listings take time, in which things come and go. */
async function confirm(inventory: Inventory, findings: SweepFinding[]): Promise<SweepFinding[]> {
  const confirmed: SweepFinding[] = [];
  for (const [appId, ofApplication] of Map.groupBy(findings, ({ applicationId }) => applicationId)) {
    const existing = (await Promise.all(inventory.map((place) => place.find(appId)))).flat();
    const there = new Set(existing.map(({ kind }) => kind));
    confirmed.push(...ofApplication.filter(({ kind, problem }) => there.has(kind) === (problem === 'orphan')));
  }
  return confirmed;
}

async function repairAll(
  deps: SweepDependencies,
  findings: SweepFinding[],
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<SweepFinding[]> {
  const orphans = findings.filter(({ problem }) => problem === 'orphan');
  const unknown = new Set(orphans.map(({ applicationId }) => applicationId).filter((id) => !known.has(id)));
  const repaired: SweepFinding[] = [];
  for (const [appId, ofApplication] of Map.groupBy(orphans, ({ applicationId }) => applicationId)) {
    if (unknown.size > maxUnknown && unknown.has(appId)) {
      const outcome = `left: ${unknown.size} applications are unknown to the control database, which may be the wrong one`;
      repaired.push(...ofApplication.map((finding) => ({ ...finding, outcome })));
    } else repaired.push(...(await removeOrphan(deps, { appId, findings: ofApplication, signal })));
  }
  for (const finding of findings.filter(({ problem }) => problem === 'missing')) {
    signal.throwIfAborted();
    repaired.push(finding.kind === 'route' ? await publish(deps, finding) : finding);
  }
  return repaired;
}

async function publish(deps: SweepDependencies, finding: SweepFinding): Promise<SweepFinding> {
  await syncRoute(deps, finding.applicationId);
  return { ...finding, outcome: 'published' };
}
