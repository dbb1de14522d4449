import type pg from 'pg';
import { describeMightyRoles, findMightyRoles } from '../../shared/db/mighty-roles.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../metrics.ts';

export interface CheckMightyRolesOptions {
  /** The server of tenants' databases, connected to one that no tenant owns. */
  sharedServer: Pick<pg.Pool, 'query'>;
  metrics: Pick<Metrics, 'mightyRoles'>;
  log: Log;
}

/** Looks for roles of the shared server that have more than they are given: somebody has got out of a tenant's database, or made a mistake by hand. */
export async function checkMightyRoles({ sharedServer, metrics, log }: CheckMightyRolesOptions): Promise<void> {
  const found = await findMightyRoles(sharedServer);
  metrics.mightyRoles.set(new Set(found.map(({ role }) => role)).size);
  if (found.length > 0) log.error({ roles: found }, `Roles have rights that they must not have: ${describeMightyRoles(found)}`);
}
