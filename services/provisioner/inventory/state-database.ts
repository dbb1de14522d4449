import pg from 'pg';
import { libpqCompatible } from '../../shared/db/libpq-compatible.ts';
import { createPool } from '../../shared/db/postgres-connections.ts';
import { tenantProject } from '../../../stacks/tenant-project.ts';

/** The database that Pulumi's PostgreSQL backend keeps stacks in: one table of keys and JSON. Keys only are read here. */
export interface StateDatabase {
  folders: StateFolders;
  /** Rows of a statement that names the table as `state`; none while the backend has not made it. */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[]; count: number }>;
  close(): Promise<void>;
}

/** What the keys of tenants' stacks begin with; behind it comes the stack's name. */
export interface StateFolders {
  stacks: string;
  history: string;
  backups: string;
  locks: string;
}

const defaultTable = 'pulumi_state';
/** One for the maintenance, the others for operations that look after a deletion. */
const poolSize = 3;
const connectTimeoutMs = 5_000;
const statementTimeoutMs = 15_000;
const undefinedTable = '42P01';

/** @param backendUrl PULUMI_BACKEND_URL, which may name another table, as the backend allows */
export function createStateDatabase(backendUrl: string, onError: (error: Error) => void = () => undefined): StateDatabase {
  const url = new URL(backendUrl);
  const table = url.searchParams.get('table') ?? defaultTable;
  url.searchParams.delete('table');
  const config = {
    connectionString: libpqCompatible(url.href),
    max: poolSize,
    application_name: 'authsome-provisioner-state',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + connectTimeoutMs,
  };
  const pool = createPool(config, onError);
  const folders = foldersOf(decodeURIComponent(url.pathname));
  const quoted = table.split('.').map(pg.escapeIdentifier).join('.');
  return {
    folders,
    async query<Row extends pg.QueryResultRow>(text: string, values: unknown[]) {
      try {
        const { rows, rowCount } = await pool.query<Row>(text.replaceAll(/\bstate\b/g, quoted), values);
        return { rows, count: rowCount ?? 0 };
      } catch (error) {
        if ((error as { code?: unknown }).code === undefinedTable) return { rows: [], count: 0 };
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

/** A pattern for LIKE of what begins with this text, in which `_` and `%` stand for themselves. */
export function beginsWith(text: string): string {
  return `${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/**
 * As the backend makes its keys (pkg/backend/diy: backend.go, store.go and lock.go of Pulumi 3.274). It takes the path of its URL, which here
 * is the database's name, for a folder in which everything is.
 */
function foldersOf(path: string): StateFolders {
  const root = path.replace(/^\/+/, '').replace(/([^/])$/, '$1/');
  return {
    stacks: `${root}.pulumi/stacks/${tenantProject}/`,
    history: `${root}.pulumi/history/${tenantProject}/`,
    backups: `${root}.pulumi/backups/${tenantProject}/`,
    locks: `${root}.pulumi/locks/organization/${tenantProject}/`,
  };
}
