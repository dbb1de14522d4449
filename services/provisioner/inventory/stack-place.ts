import type { Place, Thing } from './inventory.ts';
import { beginsWith } from './state-database.ts';
import type { StateDatabase, StateFolders } from './state-database.ts';
import { nameOf, thingOf, thingsNamed } from './things.ts';

const pageSize = 500;

/** Stacks' states, with their history, backups, tags and locks, as rows of the state database: the CLI's own listing reads each whole state. */
export function stackPlace(state: StateDatabase): Place {
  const { stacks, history, backups, locks } = state.folders;
  const folders = [stacks, history, backups, locks];
  return {
    kinds: ['stack'],
    expected: (appId) => [thingOf('stack', appId)],
    async find(appId) {
      const { rows } = await state.query('select key from state where key like any ($1) limit 1', [
        patterns(state.folders, nameOf('stack', appId)),
      ]);
      return rows.length === 0 ? [] : [thingOf('stack', appId)];
    },
    async *list() {
      for (let after = '', full = true; full;) {
        const { rows } = await state.query<{ name: string }>(listing, [...folders, ...folders.map(beginsWith), after, pageSize]);
        yield thingsNamed(
          'stack',
          rows.map(({ name }) => name),
        );
        after = rows.at(-1)?.name ?? after;
        full = rows.length === pageSize;
      }
    },
    async remove({ name }: Thing) {
      await state.query('delete from state where key like any ($1)', [patterns(state.folders, name)]);
    },
  };
}

/** Everything of one stack. What follows its name tells it from stacks with longer names. */
function patterns({ stacks, history, backups, locks }: StateFolders, stack: string): string[] {
  return [`${stacks}${stack}.`, ...[history, backups, locks].map((folder) => `${folder}${stack}/`)].map(beginsWith);
}

/** The name is what follows the folder, up to a dot or a slash. Reads the keys from the index alone. */
const listing = `
  select name from (
    ${[1, 2, 3, 4]
      .map(
        (folder) =>
          `select substring(substr(key, length($${folder}::text) + 1) from '^[^./]+') as name from state where key like $${folder + 4}`,
      )
      .join(' union all ')}
  ) stacks
  where name collate "C" > $9 group by name order by name collate "C" limit $10`;
