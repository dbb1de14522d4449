import type pg from 'pg';
import { stackName } from './stack-driver.ts';
import { postgresClient } from '../../support/postgres-client.ts';

export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(`create database ${name}`));
}

/** Copies the rows of the first stack, state and history, under the names of the stacks from one number up to, and without, another. */
export async function copyStacks(url: string, { from, to }: { from: number; to: number }): Promise<void> {
  const first = stackName(0);
  // Each file is kept in base64, in a JSON object.
  const file = "convert_from(decode(data ->> 'data', 'base64'), 'utf8')";
  await withClient(url, async (client) => {
    await client.query(
      `insert into pulumi_state (key, data)
       select replace(key, $1, 'bench-' || n), json_build_object('data', encode(convert_to(replace(${file}, $1, 'bench-' || n), 'utf8'), 'base64'))
       from pulumi_state, generate_series($2::int, $3::int) n
       where key like '%/' || $1 || '.%' or key like '%/' || $1 || '/%'`,
      [first, from, to - 1],
    );
    await client.query('analyze pulumi_state');
  });
}

/** Bytes of one stack's state and history, the mean of all. */
export async function stackBytes(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ bytes: number }>(
      `select (sum(length(data ->> 'data')) * 3 / 4 / count(*) filter (where key like '%.pulumi/stacks/%.json'))::int as bytes from pulumi_state`,
    );
    return rows[0]?.bytes ?? Number.NaN;
  });
}

async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = postgresClient({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
