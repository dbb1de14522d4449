import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../shared/db/tables.ts';

/** A job that was announced longer ago is not waiting for a worker but for something else; the reconciler announces those that wait again. */
const waitingSeconds = 300;

interface Share {
  workspaceId: string;
  /** As of the lease: a running operation whose heartbeat is older is nobody's. */
  ttlMs: number;
}

/**
 * Whether a workspace has its share of the workers: another one has fewer operations running and a job that waits. So one workspace may use
 * every worker while it is alone, and the next worker that becomes free is for whoever has fewest.
 */
export async function hasItsShare(tx: Transaction<Database>, { workspaceId, ttlMs }: Share): Promise<boolean> {
  const { rows } = await sql<{ yes: boolean }>`
    with running as (
      select a.workspace_id, o.application_id
      from operations o join applications a on a.id = o.application_id
      where o.status = 'running' and o.heartbeat_at > now() - ${ttlMs} * interval '1 millisecond'
    )
    select exists (
      select 1 from jobs j join applications a on a.id = j.application_id
      where j.status = 'queued'
        and j.run_after <= now()
        and greatest(j.run_after, j.published_at) > now() - ${waitingSeconds} * interval '1 second'
        and a.workspace_id <> ${workspaceId}
        and not exists (select 1 from running r where r.application_id = j.application_id)
        and (select count(*) from running r where r.workspace_id = a.workspace_id)
          < (select count(*) from running r where r.workspace_id = ${workspaceId})
    ) as yes`.execute(tx);
  return rows[0]?.yes === true;
}
