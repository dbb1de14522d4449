import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Desired } from '../../../shared/application-state.ts';
import type { Database } from '../../../shared/db/tables.ts';
import type { DatabaseTier } from '../../../shared/plans.ts';
import type { AppStatus } from '../../../shared/routes/route.ts';
import { hasOpenJob, isWorkedOn } from '../open-work.ts';

/** What an application's row says about the things that it is to have. */
export interface ApplicationFacts {
  id: string;
  status: AppStatus;
  desired: Desired;
  databaseTier: DatabaseTier;
  observedGeneration: number;
  /** Nothing has changed lately and nothing is under way, so what exists is what is to exist. */
  settled: boolean;
}

export interface ReadApplications {
  /** Their rows are read though they are deleted. */
  ids: readonly string[];
  /** The database's time before anything was looked at. */
  since: Date;
  /** How long before that a row must not have changed, in milliseconds. */
  quietMs: number;
}

const pageSize = 1_000;

/** Every application that is not deleted, and those that are named, in pages. */
export async function readApplications(db: Kysely<Database>, { ids, since, quietMs }: ReadApplications): Promise<ApplicationFacts[]> {
  const found: ApplicationFacts[] = [];
  for (let after = '', full = true; full;) {
    const page = await db
      .selectFrom('applications as a')
      .select(['a.id', 'a.status', 'a.desired', 'a.database_tier as databaseTier', 'a.observed_generation as observedGeneration'])
      .select(
        sql<boolean>`a.updated_at < ${since}::timestamptz - ${quietMs} * interval '1 millisecond'
          and not ${isWorkedOn('a.id')} and not ${hasOpenJob('a.id')}`.as('settled'),
      )
      .where((eb) => eb.or([eb('a.status', '<>', 'deleted'), eb('a.id', '=', sql<string>`any(${[...ids]}::text[])`)]))
      .where('a.id', '>', after)
      .orderBy('a.id')
      .limit(pageSize)
      .execute();
    found.push(...page);
    after = page.at(-1)?.id ?? after;
    full = page.length === pageSize;
  }
  return found;
}
