import { sql } from 'kysely';
import type { Expression, RawBuilder } from 'kysely';

/**
 * A text as it is searched: canonically composed (NFC) and without case, in all scripts, so that `É`, `é` and `e` with a combining accent are one,
 * and `ß` is `ss`. What only looks alike, a Cyrillic `а` or a full-width `Ａ`, stays another letter.
 *
 * PostgreSQL's own lower() knows ASCII alone in the tenants' databases, whose locale is C; ICU's rules come with every server that
 * `setup/require-icu.ts` lets in. Upper case first, since several letters can share one. ASCII, which most text is, takes the cheap way: ICU
 * needs some 7 µs for a name.
 */
export function searchedText(text: Expression<string>): RawBuilder<string> {
  const composed = sql<string>`case when ${text} is nfc normalized then ${text} else normalize(${text}, nfc) end`;
  // A sigma at the end of a word has a form of its own, and a search may end anywhere.
  const folded = sql<string>`replace(lower(upper((${composed}) collate "und-x-icu")), 'ς', 'σ')`;
  const isAscii = sql<boolean>`octet_length(${text}) = char_length(${text})`;
  // In the database's own collation, as the columns that it is compared with and their indexes.
  return sql`(case when ${isAscii} then lower(${text} collate "C") collate "und-x-icu" else ${folded} end collate "default")`;
}

/** A LIKE pattern for texts, as they are searched, that contain this one; its wildcards are escaped. */
export function containing(text: string): RawBuilder<string> {
  return searchedText(sql`${`%${text.replace(/[\\%_]/g, '\\$&')}%`}::text`);
}
