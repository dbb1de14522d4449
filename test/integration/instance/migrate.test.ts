import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { sql } from 'kysely';
import { createAuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import type { AuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import { hashToken } from '../../../services/instance/auth/one-time-tokens.ts';
import { migrateAuth } from '../../../services/instance/migrate-auth.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createEmptyDatabase } from './create-empty-database.ts';
import { password, startInstance } from './start-instance.ts';

const settings = {
  secret: randomBytes(32).toString('base64'),
  sessionTimeoutSeconds: 604_800,
  sessionLifetimeSeconds: 7_776_000,
  mailsPerHour: 3_000,
  emailVerificationRequired: false,
  publicUrl: undefined,
  providers: { social: {}, oidc: {} },
};
const log = createLog({ name: 'test', level: 'silent' });
const tables = ['account', 'invitation', 'jwks', 'member', 'oneTimeToken', 'organization', 'session', 'twoFactor', 'user', 'verification'];

/** Several replicas' connections to one database. */
async function withReplicas(work: (replicas: AuthDatabase[], url: string) => Promise<void>): Promise<void> {
  const empty = await createEmptyDatabase();
  const replicas = Array.from({ length: 3 }, () => createAuthDatabase({ url: empty.url, poolSize: 1 }));
  try {
    await work(replicas, empty.url);
  } finally {
    await Promise.all(replicas.map((database) => database.destroy()));
    await empty.drop();
  }
}

const migrate = (database: AuthDatabase): Promise<string[]> => migrateAuth({ database, settings, log });

/** As version 0.1.0 left it. */
async function makeOldSchema(database: AuthDatabase): Promise<void> {
  await sql.raw(readFileSync(new URL('schema-0.1.0.sql', import.meta.url), 'utf8')).execute(database);
}

/** Columns, indexes and foreign keys. */
async function describeSchema(database: AuthDatabase): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line
      from information_schema.columns where table_schema = 'public'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where contype = 'f'`.execute(database);
  return rows.map(({ line }) => line).sort();
}

test('replicas that migrate at once leave one complete schema, and a later run changes nothing', async (t) => {
  await withReplicas(async (replicas) => {
    const changed = await Promise.all(replicas.map(migrate));
    t.deepEqual(changed.flat().sort(), tables);
    t.deepEqual(await migrate(replicas[0]!), []);
  });
});

test('a database of version 0.1.0 gets the same schema as a new one, from replicas that upgrade it at once', async (t) => {
  await withReplicas(async ([fresh]) => {
    await migrate(fresh!);
    await withReplicas(async (replicas) => {
      await makeOldSchema(replicas[0]!);
      await Promise.all(replicas.map(migrate));
      t.deepEqual(await describeSchema(replicas[0]!), await describeSchema(fresh!));
      t.deepEqual(await migrate(replicas[1]!), []);
    });
  });
});

test('after an upgrade old sessions go on, and old users sign in with a hash that is renewed', async (t) => {
  await withReplicas(async ([database], url) => {
    await makeOldSchema(database!);
    const instance = await startInstance({ databaseUrl: url });
    try {
      const session = 'AOtdMb9rxiLdzDGAfDIpMKvwrBRLVraB';
      const read = await instance.call('/auth/session', { session });
      t.is(read.status, 200);
      t.like(read.body.user, { email: 'old@example.com', twoFactorEnabled: false, image: null });
      t.is((await instance.call('/auth/signin', { body: { email: 'old@example.com', password: 'wrong password' } })).status, 401);
      t.is((await instance.call('/auth/signin', { body: { email: 'old@example.com', password } })).status, 200);
      const { rows } = await sql<{ password: string; issuer: string }>`select password, issuer from account`.execute(database!);
      t.regex(rows[0]?.password ?? '', /^\$scrypt\$/);
      t.is(rows[0]?.issuer, '');
      const stored = await sql<{ token: string }>`select token from session where "createdAt" < now() - interval '1 day'`.execute(
        database!,
      );
      t.deepEqual(stored.rows, [{ token: hashToken(session) }]);
      const listed = await instance.call('/users', { key: 'secret' });
      t.like(listed.body.data[0], { email: 'old@example.com', banned: false, metadata: {} });
    } finally {
      await instance.stop();
    }
  });
});

test('an upgrade hashes tokens once, and gives accounts the issuer that is set up', async (t) => {
  await withReplicas(async ([database]) => {
    await makeOldSchema(database!);
    await sql`insert into account (id, "providerId", "accountId", "userId", "createdAt", "updatedAt")
      select 'acc_oidc', 'idp', 'subject', id, now(), now() from "user"`.execute(database!);
    const oidc = { idp: { issuer: 'https://idp.example', clientId: 'id', clientSecret: 'secret' } };
    const upgrade = () => migrateAuth({ database: database!, settings: { ...settings, providers: { social: {}, oidc } }, log });
    await upgrade();
    const tokens = await sql`select token from session`.execute(database!);
    // As a dump of this version would say after a restore into a later one.
    await sql`comment on table "user" is 'schema of another version'`.execute(database!);
    await upgrade();
    t.deepEqual((await sql`select token from session`.execute(database!)).rows, tokens.rows);
    const { rows } = await sql`select "providerId", issuer from account order by "providerId"`.execute(database!);
    t.deepEqual(rows, [
      { providerId: 'credential', issuer: '' },
      { providerId: 'idp', issuer: 'https://idp.example' },
    ]);
  });
});

test('a schema that somebody changed behind our back is mended when the version changes', async (t) => {
  await withReplicas(async ([database]) => {
    await migrate(database!);
    await sql`alter table "user" drop column banned`.execute(database!);
    await sql`comment on table "user" is 'schema of another version'`.execute(database!);
    t.deepEqual(await migrate(database!), ['user']);
    t.deepEqual(await migrate(database!), []);
  });
});
