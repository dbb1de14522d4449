import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/database.ts';
import type { Log } from '../../shared/log.ts';
import { lockAnyApplication, stateOf } from '../stores/application-store.ts';
import { command } from '../../shared/application-state.ts';
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
 * interruption: each is decided on its locked row.
 *
 * @returns whether there may be more
 */
export async function destroyExpired({ db, effects, log }: Deps): Promise<boolean> {
  const expired = await findExpired(db);
  for (const { id } of expired) {
    const destroyed = await db.transaction().execute(async (tx) => {
      const application = await lockAnyApplication(tx, id);
      // Restored since it was found, or destroyed by its owner.
      if (!application || !(await isExpired(tx, id))) return false;
      if (command(stateOf(application), { kind: 'destroy' }).type !== 'changed') return false;
      const change = { destroyAfter: null, forgetSecrets: true };
      return (await commandApplication(tx, application, { kind: 'destroy' }, change)).operationId !== null;
    });
    if (!destroyed) continue;
    log.info({ appId: id }, 'The grace period is over, the application is destroyed');
    effects.jobCommitted();
    await effects.routeChanged(id);
  }
  return expired.length === batchSize;
}

const selectExpired = (db: Kysely<Database>) =>
  db
    .selectFrom('applications as a')
    .innerJoin('workspaces as w', 'w.id', 'a.workspace_id')
    .where('a.desired', '<>', 'absent')
    .where((eb) => eb.or([eb('a.destroy_after', '<=', sql<Date>`now()`), eb('w.destroy_after', '<=', sql<Date>`now()`)]))
    .select('a.id');

function findExpired(db: Kysely<Database>): Promise<{ id: string }[]> {
  return selectExpired(db).orderBy('a.id').limit(batchSize).execute();
}

async function isExpired(db: Kysely<Database>, id: string): Promise<boolean> {
  return (await selectExpired(db).where('a.id', '=', id).executeTakeFirst()) !== undefined;
}
