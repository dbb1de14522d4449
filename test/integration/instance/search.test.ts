import test from 'ava';
import { sql } from 'kysely';
import { createAuthDatabase } from '../../../services/instance/auth/auth-database.ts';
import { containing } from '../../../services/instance/auth/search-text.ts';
import { migrateAuth } from '../../../services/instance/migrate-auth.ts';
import { createLog } from '../../../services/shared/log.ts';
import { createEmptyDatabase } from './create-empty-database.ts';
import { signUp, startInstance } from './start-instance.ts';
import type { TestInstance } from './start-instance.ts';

let instance: TestInstance;
test.before(async () => {
  instance = await startInstance({ mode: 'saas' });
});
test.after.always(() => instance?.stop());

const admin = { key: 'secret' } as const;
const find = async (list: 'users' | 'organizations', search: string) =>
  (await instance.call(`/${list}?search=${encodeURIComponent(search)}`, admin)).body.data.map(({ name }) => name);

// Each stored in one form, and found by all.
const names: [stored: string, searches: string[]][] = [
  ['Émilie Ångström', ['Émilie', 'émilie', 'ÉMILIE', 'E\u0301milie', 'a\u030angström', 'milie Å']],
  ['Rene\u0301e', ['renée', 'RENÉE', 'rene\u0301e']],
  ['Ольга', ['Ольга', 'ольга', 'ОЛЬГА', 'льг']],
  ['Йонас', ['йонас', 'и\u0306онас']],
  ['Οδυσσεύς', ['οδυσσεύς', 'ΟΔΥΣΣΕΎΣ', 'οδυσ', 'ΟΔΥΣ']],
  ['Weißgerber', ['weißgerber', 'WEISSGERBER', 'weissg']],
  ['Ђорђе', ['ђорђе', 'ЂОРЂЕ']],
  ['Գրիգոր', ['գրիգոր', 'ԳՐԻԳՈՐ']],
  ['გიორგი', ['გიორგი']],
  ['山田太郎', ['山田', '太郎']],
  ['한국', ['한국', '한국'.normalize('NFD')]],
  ['محمد', ['محمد']],
  ['𐐔𐐯𐑅', ['𐐼𐐯𐑅', '𐐔𐐇𐐝']],
  ['Owl 🦉', ['🦉', 'OWL 🦉']],
];

for (const [index, [stored, searches]] of names.entries()) {
  test(`${stored} is found among users and organizations, whatever the case and the form of the search`, async (t) => {
    const { id: ownerId } = await signUp(instance, `search-${index}@example.com`);
    t.is((await instance.call(`/users/${ownerId}`, { ...admin, method: 'PATCH', body: { name: stored } })).status, 200);
    t.is((await instance.call('/organizations', { ...admin, body: { name: stored, ownerId } })).status, 201);
    for (const search of searches) {
      t.deepEqual(await find('users', search), [stored], `user by ${search}`);
      t.deepEqual(await find('organizations', search), [stored], `organization by ${search}`);
    }
  });
}

test('what only looks alike is not found', async (t) => {
  await instance.call('/users', { ...admin, body: { email: 'latin@alike.example', name: 'pacha' } });
  // Cyrillic, full-width, and a letter without its accent.
  for (const search of ['расhа', 'ｐａｃｈａ', 'pácha']) t.deepEqual(await find('users', search), [], search);
  t.deepEqual(await find('users', 'PACHA'), ['pacha']);
});

test('a search with ASCII letters reads an index, not the table', async (t) => {
  const { rows } = await instance.database.transaction().execute(async (transaction) => {
    await sql`set local enable_seqscan = off`.execute(transaction);
    const { searchedText } = await import('../../../services/instance/auth/search-text.ts');
    const query = transaction
      .selectFrom('user')
      .select('id')
      .where((eb) => eb.or([eb('email', 'like', containing('Émilie')), eb(searchedText(eb.ref('name')), 'like', containing('Émilie'))]));
    return sql<{ 'QUERY PLAN': string }>`explain ${query}`.execute(transaction);
  });
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  t.regex(plan, /user_searched_name_trgm/);
  t.regex(plan, /user_email_trgm/);
});

test('a database of the version before gets the new index instead of the old one', async (t) => {
  const empty = await createEmptyDatabase();
  const database = createAuthDatabase({ url: empty.url, poolSize: 2 });
  const settings = {
    secret: 's'.repeat(32),
    sessionTimeoutSeconds: 600,
    sessionLifetimeSeconds: 7_776_000,
    mailsPerHour: 3_000,
    emailVerificationRequired: false,
    publicUrl: undefined,
    providers: { social: {}, oidc: {} },
  };
  const migrate = () => migrateAuth({ database, settings, log: createLog({ name: 'test', level: 'silent' }) });
  const indexes = async () =>
    (
      await sql<{ name: string }>`select indexname as name from pg_indexes where indexname like 'user_%name_trgm'`.execute(database)
    ).rows.map(({ name }) => name);
  try {
    await migrate();
    await sql
      .raw(`drop index user_searched_name_trgm; create index user_name_trgm on "user" using gin (lower(name) gin_trgm_ops)`)
      .execute(database);
    await sql`comment on table "user" is 'schema of the version before'`.execute(database);
    await Promise.all([migrate(), migrate()]);
    t.deepEqual(await indexes(), ['user_searched_name_trgm']);
  } finally {
    await database.destroy();
    await empty.drop();
  }
});
