import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { OperationContext } from '../shared/resource-provider.ts';
import type { ServerConfig } from './server-config.ts';

export interface ConnectionRequest {
  config: ServerConfig;
  context: OperationContext;
  /** Database to connect to; the configured one where it is left out. */
  database?: string;
}

/**
 * What holds from a session's first statement on, in a database of which another role may be the owner: it may have put functions and operators
 * of its own in front of PostgreSQL's, and have set for the database whatever suits it. services/shared/db/administrator-connection.ts says why
 * each is here, and has the same.
 */
export const administratorOptions = [
  'search_path=pg_catalog,pg_temp',
  'role=none',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
  'transform_null_equals=off',
  'row_security=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** The owner of a database may hold locks in it. */
const lockTimeoutMs = 30_000;
const idleInTransactionTimeoutMs = 60_000;

/**
 * Runs `use` with one connection, closed afterwards in every case. Connecting, each statement and the whole are bounded by the
 * operation's timeout. Errors name the server and the role, never a password or a statement.
 */
export async function withConnection<T>(request: ConnectionRequest, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const { config, context, database = config.database } = request;
  context.signal.throwIfAborted();
  let client: pg.Client | undefined;
  const abort = (): void => void client?.end().catch(() => undefined);
  context.signal.addEventListener('abort', abort, { once: true });
  try {
    client = await connect(request);
    // A pooler between the two may have dropped the options.
    await client.query(`select pg_catalog.set_config('search_path'::pg_catalog.text, 'pg_catalog, pg_temp'::pg_catalog.text, false)`);
    return await use(client);
  } catch (error) {
    throw new Error(describe(error, config, database, context), { cause: error });
  } finally {
    context.signal.removeEventListener('abort', abort);
    await client?.end().catch(() => undefined);
  }
}

/** Between two tries to reach a server. */
const retryMs = 200;

/** What a server that is about to be there answers, or what the network does until everybody knows of it. */
const notYetThere = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', '57P03'];

/**
 * Connects, and tries again for the configured time where the server can't be reached yet: one that was made a moment ago is ready
 * before names, addresses and network policies have reached every node. Nothing was asked of it so far, so nothing is done twice.
 */
async function connect(request: ConnectionRequest): Promise<pg.Client> {
  const { config, context } = request;
  const deadline = performance.now() + Math.min(config.connectTimeoutMs || context.timeoutMs, context.timeoutMs);
  for (;;) {
    const client = await newClient(request, deadline - performance.now());
    try {
      await unlessAborted(context.signal, client.connect());
      return client;
    } catch (error) {
      // Not waited for: a server that says nothing would not say goodbye either.
      void client.end().catch(() => undefined);
      if (!isNotYetThere(error) || performance.now() + retryMs >= deadline || context.signal.aborted) throw error;
    }
    await delay(retryMs);
  }
}

async function newClient({ config, context, database = config.database }: ConnectionRequest, timeoutMs: number): Promise<pg.Client> {
  const client = new pg.Client({
    host: config.host,
    port: config.port,
    user: config.username,
    password: config.password,
    database,
    ssl: await tlsOptions(config),
    application_name: 'pulumi-resource-postgresql',
    connectionTimeoutMillis: Math.max(1, Math.ceil(timeoutMs)),
    statement_timeout: context.timeoutMs,
    query_timeout: context.timeoutMs,
    options: administratorOptions,
    lock_timeout: Math.min(lockTimeoutMs, context.timeoutMs),
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
  });
  // A connection that breaks between two statements must fail the next one, not the process.
  client.on('error', () => undefined);
  return client;
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const aborted = once(signal, 'abort', { signal: settled.signal }).then(() => {
    throw signal.reason;
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}

function isNotYetThere(error: unknown): boolean {
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return causes.some((cause) => notYetThere.includes((cause as { code?: string }).code ?? ''));
}

async function tlsOptions({ sslMode, sslRootCert }: ServerConfig): Promise<false | ConnectionOptions> {
  if (sslMode === 'disable') return false;
  const ca = sslRootCert ? await readFile(sslRootCert, 'utf8') : undefined;
  if (sslMode === 'require') return { ca, rejectUnauthorized: false };
  return { ca, ...(sslMode === 'verify-ca' && { checkServerIdentity: () => undefined }) };
}

function describe(error: unknown, config: ServerConfig, database: string, context: OperationContext): string {
  const server = `PostgreSQL ${config.host}:${config.port}, database ${database}, as ${config.username}`;
  if (context.signal.aborted) return `${server}: not done within ${context.timeoutMs / 1_000} s`;
  if (!(error instanceof Error)) return `${server}: ${String(error)}`;
  const code = (error as { code?: string }).code;
  const detail = (error as { detail?: string }).detail;
  const message = error.message || (error instanceof AggregateError ? String(error.errors[0]) : error.name);
  return `${server}: ${message}${detail ? ` (${detail})` : ''}${code ? ` [${code}]` : ''}`;
}
