import type pg from 'pg';

/**
 * Makes sure that the server knows the letters of all scripts: instances search by ICU's rules, and would fail at every search without them.
 *
 * @throws if the server was built without ICU
 */
export async function requireIcu(admin: Pick<pg.Client, 'query'>): Promise<void> {
  const { rowCount } = await admin.query(`select from pg_catalog.pg_collation where collname operator(pg_catalog.=) 'und-x-icu'`);
  if (rowCount === 0)
    throw new Error("The PostgreSQL server of the tenants' databases has no ICU collations (und-x-icu): use one built with ICU");
}
