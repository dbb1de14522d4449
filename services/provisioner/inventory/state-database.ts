import pg from 'pg';
import { tenantProject } from '../../../stacks/tenant-project.ts';

/** The database that Pulumi's PostgreSQL backend keeps stacks in: one table of keys and JSON. Keys only are read here. */
export interface StateDatabase {
  /** Rows of a statement that names the table as `state`; none while the backend has not made it. */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[]; count: number }>;
  close(): Promise<void>;
}

/** What the backend calls its keys (pkg/backend/diy/store.go and lock.go of Pulumi 3.274). */
export const stateKeys = {
  stacks: `.pulumi/stacks/${tenantProject}/`,
  history: `.pulumi/history/${tenantProject}/`,
  backups: `.pulumi/backups/${tenantProject}/`,
  locks: `.pulumi/locks/organization/${tenantProject}/`,
} as const;

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
  // The backend's driver means by sslmode what PostgreSQL's own clients do.
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true');
  const pool = new pg.Pool({
    connectionString: url.href,
    max: poolSize,
    application_name: 'authsome-provisioner-state',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + connectTimeoutMs,
  });
  pool.on('error', onError);
  const quoted = table.split('.').map(pg.escapeIdentifier).join('.');
  return {
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
