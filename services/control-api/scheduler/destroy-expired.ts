import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import type { Log } from '../../shared/log.ts';
import { lockAnyApplication } from '../stores/application-store.ts';
import { commandApplication } from '../use-cases/command-application.ts';
import type { Effects } from '../use-cases/effects.ts';

interface Deps {
  db: Kysely<Database>;
  effects: Effects;
  log: Log;
}

/** In one round: each is a transaction of its own. */
const batchSize = 50;

/**
 * Destroys the applications whose grace period is over, their own or their workspace's. Safe in several processes at once, and after any
 * interruption: each is decided on its locked row. One that can't be destroyed now does not hold up the others.
 *
 * @param signal ends the round after the application that it is at
 * @returns whether there may be more
 */
export async function destroyExpired({ db, effects, log }: Deps, signal?: AbortSignal): Promise<boolean> {
  const expired = await findExpired(db);
  let destroyed = 0;
  for (const { id } of expired) {
    if (signal?.aborted === true) return false;
    try {
      if (!(await destroyIfExpired(db, id))) continue;
    } catch (err) {
      log.warn({ err, appId: id }, 'An application whose grace period is over could not be destroyed');
      continue;
    }
    destroyed += 1;
    log.info({ appId: id }, 'The grace period is over, the application is destroyed');
    effects.jobCommitted();
    await effects.routeChanged(id);
  }
  return destroyed > 0 && expired.length === batchSize;
}

function destroyIfExpired(db: Kysely<Database>, id: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const application = await lockAnyApplication(tx, id);
    // Restored since it was found, or destroyed by its owner.
    if (!application || !(await isExpired(tx, id))) return false;
    return (await commandApplication(tx, application, { kind: 'destroy' })).operationId !== null;
  });
}

const selectExpired = (db: Kysely<Database>) =>
  db
    .selectFrom('applications as a')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .where('a.desired', '<>', 'absent')
    .where((eb) => eb.or([eb('a.destroy_after', '<=', sql<Date>`now()`), eb('w.destroy_after', '<=', sql<Date>`now()`)]))
    .select('a.id');

/** In no order: a batch of those that can't be destroyed must not come back for ever in front of the others. */
function findExpired(db: Kysely<Database>): Promise<{ id: string }[]> {
  return selectExpired(db)
    .orderBy(sql`random()`)
    .limit(batchSize)
    .execute();
}

async function isExpired(db: Kysely<Database>, id: string): Promise<boolean> {
  return (await selectExpired(db).where('a.id', '=', id).executeTakeFirst()) !== undefined;
}
