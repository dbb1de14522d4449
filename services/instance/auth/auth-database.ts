import { Kysely, PostgresDialect } from 'kysely';
import type { ColumnType, JSONColumnType, LogEvent, Transaction } from 'kysely';
import { createPool } from '../../shared/db/postgres-connections.ts';
import type { StoredUser } from './stored-user.ts';

type JsonObject = JSONColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
/** A column that may be left out of an insert. */
type Optional<T> = ColumnType<T, T | undefined, T>;

export interface AccountTable {
  id: string;
  userId: string;
  /** `credential` for a password, otherwise the social or OIDC provider. */
  providerId: string;
  /** The user's id at the provider; for a password our own. */
  accountId: string;
  /** Issuer of an OIDC provider; empty for the others. Null in rows from before the column. */
  issuer: Optional<string | null>;
  password: Optional<string | null>;
  scope: Optional<string | null>;
  createdAt: Date;
  updatedAt: Date;
}

export interface SessionTable {
  id: string;
  /** SHA-256 of the token, hex: a reader of the table or of a dump of it cannot use any session. */
  token: string;
  userId: string;
  /** When the user signed in. */
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
}

export interface OneTimeTokenTable {
  id: string;
  purpose: string;
  /** SHA-256, hex: whoever reads the table can use no token. */
  tokenHash: string;
  userId: string | null;
  data: JsonObject;
  attempts: number;
  createdAt: Date;
  expiresAt: Date;
}

export interface TwoFactorTable {
  id: string;
  userId: string;
  /** Encrypted with AUTH_SECRET, like the backup codes. */
  secret: string;
  backupCodes: string;
  verified: boolean | null;
  failedVerificationCount: number | null;
  lockedUntil: Date | null;
  /** Time step of the last code that was accepted: none is accepted twice. */
  lastUsedStep: number | null;
}

export interface OrganizationTable {
  id: string;
  name: string;
  slug: string;
  logo: Optional<string | null>;
  createdAt: Date;
  /** JSON, as text: better-auth's column. */
  metadata: Optional<string | null>;
}

export interface MemberTable {
  id: string;
  organizationId: string;
  userId: string;
  role: string;
  createdAt: Date;
}

export interface InvitationTable {
  id: string;
  organizationId: string;
  email: string;
  role: string;
  status: string;
  expiresAt: Date;
  createdAt: Date;
  inviterId: string | null;
  tokenHash: Optional<string | null>;
}

/** better-auth's tables, and ours beside them. better-auth derives the schema from its options and migrates it (migrate-auth.ts). */
export interface AuthTables {
  user: Omit<StoredUser, 'image' | 'twoFactorEnabled' | 'banned' | 'banReason' | 'banExpires' | 'metadata'> & {
    image: Optional<string | null>;
    twoFactorEnabled: Optional<boolean | null>;
    banned: Optional<boolean | null>;
    banReason: Optional<string | null>;
    banExpires: Optional<Date | null>;
    metadata: JsonObject;
  };
  session: SessionTable;
  account: AccountTable;
  verification: { id: string; identifier: string; value: string; expiresAt: Date; createdAt: Date; updatedAt: Date };
  oneTimeToken: OneTimeTokenTable;
  twoFactor: TwoFactorTable;
  organization: OrganizationTable;
  member: MemberTable;
  invitation: InvitationTable;
}

export type AuthDatabase = Kysely<AuthTables>;
/** The pool or a transaction. */
export type AuthExecutor = AuthDatabase | Transaction<AuthTables>;

interface AuthDatabaseOptions {
  url: string;
  poolSize: number;
  /** Told of every statement, for traces. */
  onQuery?: ((event: LogEvent) => void) | undefined;
}

/** A pooled connection to the tenant's own database. A connection that can't be had within 5 s is an error, not a wait. */
export function createAuthDatabase({ url, poolSize, onQuery }: AuthDatabaseOptions): AuthDatabase {
  // An idle connection that the server closes is replaced at the next query, which is where a lasting fault shows and is logged.
  const pool = createPool({
    connectionString: url,
    max: poolSize,
    application_name: 'authsome-instance',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 10_000,
    query_timeout: 12_000,
  });
  return new Kysely<AuthTables>({ dialect: new PostgresDialect({ pool }), ...(onQuery === undefined ? {} : { log: onQuery }) });
}
