import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../shared/db/tables.ts';
import type { Log } from '../shared/log.ts';
import type { Lease } from './lease.ts';
import type { ResourceChange } from './operation-progress.ts';

/** One step of the engine on one resource. */
export interface ResourceEvent {
  change: ResourceChange;
  resourceType: string;
  resourceName: string;
  status: 'started' | 'done' | 'failed';
}

export interface EventLog {
  add(event: ResourceEvent): void;
  /** Writes what is left; resolves in any case. */
  close(): Promise<void>;
}

export interface EventLogOptions {
  db: Kysely<Database>;
  lease: Lease;
  log: Log;
  /** Between two writes: a viewer sees a step about this late. */
  flushMs?: number;
}

/** A stack has some forty resources, with two events each; far more is a fault that must not fill the table. */
const maxEvents = 2_000;
const defaultFlushMs = 400;

/**
 * Keeps an operation's events in its database, in portions. They are for people to watch: what can't be written is dropped with a line in
 * the log, and the operation goes on.
 */
export function createEventLog({ db, lease, log, flushMs = defaultFlushMs }: EventLogOptions): EventLog {
  let waiting: (ResourceEvent & { sequence: number; at: Date })[] = [];
  let sequence = 0;
  let writing: Promise<void> = Promise.resolve();

  const flush = (): void => {
    if (waiting.length === 0) return;
    const portion = waiting;
    waiting = [];
    writing = writing
      .then(() => insertEvents(db, lease, portion))
      .catch((err: unknown) => log.warn({ err }, 'Events could not be written'));
  };
  const timer = setInterval(flush, flushMs);

  return {
    add(event) {
      if (sequence >= maxEvents) return;
      sequence += 1;
      waiting.push({ ...event, sequence, at: new Date() });
    },
    async close() {
      clearInterval(timer);
      flush();
      await writing;
    },
  };
}

/** Only while the lease is held: a worker that has lost it must not write into what another one does. */
async function insertEvents(
  db: Kysely<Database>,
  { operationId, fencingToken }: Lease,
  events: (ResourceEvent & { sequence: number; at: Date })[],
): Promise<void> {
  const rows = events.map(({ sequence, at, change, resourceType, resourceName, status }) => ({
    ...{ operation_id: operationId, sequence, at: at.toISOString(), change },
    ...{ resource_type: resourceType, resource_name: resourceName, status },
  }));
  await sql`
    insert into operation_events (operation_id, sequence, at, change, resource_type, resource_name, status)
    select e.* from json_populate_recordset(null::operation_events, ${JSON.stringify(rows)}) e
    where exists (
      select 1 from operations where id = ${operationId} and fencing_token = ${fencingToken} and status = 'running'
    )
    on conflict do nothing`.execute(db);
}
