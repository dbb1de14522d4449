import type { Place, Thing } from './inventory.ts';
import { stateKeys } from './state-database.ts';
import type { StateDatabase } from './state-database.ts';
import { nameOf, thingOf, thingsNamed } from './things.ts';

const pageSize = 500;

/** Stacks' states, with their history, backups, tags and locks, as rows of the state database: the CLI's own listing reads each whole state. */
export function stackPlace(state: StateDatabase): Place {
  return {
    kinds: ['stack'],
    expected: (appId) => [thingOf('stack', appId)],
    async find(appId) {
      const { rows } = await state.query('select key from state where key like any ($1) limit 1', [patterns(nameOf('stack', appId))]);
      return rows.length === 0 ? [] : [thingOf('stack', appId)];
    },
    async *list() {
      for (let after = '', full = true; full;) {
        const { rows } = await state.query<{ name: string }>(listing, [...listedPrefixes, after, pageSize]);
        yield thingsNamed(
          'stack',
          rows.map(({ name }) => name),
        );
        after = rows.at(-1)?.name ?? after;
        full = rows.length === pageSize;
      }
    },
    async remove({ name }: Thing) {
      await state.query('delete from state where key like any ($1)', [patterns(name)]);
    },
  };
}

/** Everything of one stack. A stack's name has no wildcards in it, and what follows it tells it from longer names. */
function patterns(stack: string): string[] {
  return [
    `${stateKeys.stacks}${stack}.%`,
    ...[stateKeys.history, stateKeys.backups, stateKeys.locks].map((folder) => `${folder}${stack}/%`),
  ];
}

const listedPrefixes = [stateKeys.stacks, stateKeys.history, stateKeys.backups, stateKeys.locks].map((prefix) => `${prefix}%`);

/** The name is the part of the key behind the project: the fourth, or of a lock the fifth. Reads the index alone. */
const listing = `
  select distinct name from (
    select split_part(split_part(key, '/', 4), '.', 1) as name from state where key like $1
    union all select split_part(key, '/', 4) from state where key like $2 or key like $3
    union all select split_part(key, '/', 5) from state where key like $4
  ) stacks
  where name > $5 order by name limit $6`;
