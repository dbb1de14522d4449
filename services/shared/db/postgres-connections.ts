import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';

/** Every connection is named in pg_stat_activity, and neither connecting nor a statement may wait forever for a silent server. */
interface Bounds {
  application_name: string;
  /** Up to the end of the login: a server that accepts the connection and then says nothing counts too. */
  connectionTimeoutMillis: number;
  /** For the answer to one statement. The server's own limit, `statement_timeout`, does not help if the server is lost. */
  query_timeout: number;
}

/**
 * A pool whose connections may end at any time without ending the process. A server that restarts, or an administrator, ends idle
 * connections and those in the middle of a transaction; the statement in progress and the next one fail, and the pool opens another.
 *
 * @param onError receives the faults of idle connections; those of busy ones are the errors of their statements
 */
export function createPool(config: pg.PoolConfig & Bounds, onError: (error: Error) => void = () => undefined): pg.Pool {
  const pool = new pg.Pool({ keepAlive: true, ...config });
  // The fault of an idle connection has nothing to do with the request that had opened it.
  pool.on('error', AsyncLocalStorage.bind(onError));
  pool.on('connect', (client) => {
    // The pool listens to idle connections only. Without this, the end of one that is in use would be an uncaught exception.
    client.on('error', () => undefined);
    closeWhenSilent(client);
  });
  return pool;
}

/** A single connection, not yet open. It may end at any time without ending the process: the statement in progress and the next one fail. */
export function createClient(config: pg.ClientConfig & Bounds): pg.Client {
  const client = new pg.Client({ keepAlive: true, ...config });
  client.on('error', () => undefined);
  return client;
}

/**
 * A connection whose server did not answer in time still waits for that answer, and the next statement would wait behind it. Closing it lets
 * the pool replace it.
 */
function closeWhenSilent(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    const answer = query(...args);
    if (answer instanceof Promise) answer.catch((error: unknown) => (isReadTimeout(error) ? close(client) : undefined));
    return answer;
  }) as typeof client.query;
}

function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Not `release(true)`, which is for the caller that took the connection. Pools do not take back a connection that is ending. */
async function close(client: pg.PoolClient): Promise<void> {
  const closing = (client as unknown as pg.Client).end();
  client.connection.stream.destroy();
  await closing.catch(() => undefined);
}
