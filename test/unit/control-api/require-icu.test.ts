import test from 'ava';
import type pg from 'pg';
import { requireIcu } from '../../../services/control-api/setup/require-icu.ts';

const server = (collations: number) => ({ query: () => Promise.resolve({ rowCount: collations }) }) as unknown as pg.Client;

test('a server without ICU is refused at the set-up, not at the first search', async (t) => {
  await t.notThrowsAsync(requireIcu(server(1)));
  await t.throwsAsync(requireIcu(server(0)), { message: /no ICU collations \(und-x-icu\)/ });
});
