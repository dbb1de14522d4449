/**
 * What text from outside may be, everywhere: both APIs, imports, the command line, and what the provisioner reads. PostgreSQL stores neither
 * U+0000 nor half a character, in `text` as in `jsonb`; what is not UTF-8 has no meaning that two programs agree on; and code that walks a
 * value needs an end to its depth.
 */
export interface TextFault {
  /** Where in the value: names of fields and indexes of lists, from the outside in. */
  path: (string | number)[];
  /** For people; it repeats nothing of the value. */
  reason: string;
}

/** Objects and lists within one another, the outermost counted. */
export const maxJsonDepth = 32;

export const textReasons = {
  nul: 'must not contain U+0000',
  halfCharacter: 'must not contain half a character (a lone surrogate)',
  depth: `must not be nested deeper than ${maxJsonDepth} levels`,
  notUtf8: 'must be valid UTF-8',
} as const;

/** What is wrong with one text. Its length and its characters are for the field's own rules. */
export type JudgeText = (text: string) => string | undefined;

/**
 * The first text in a JSON value that breaks the rules, names of fields included, or the place where the value is too deep.
 *
 * @param judge other rules than these, for a text
 */
export function findTextFault(value: unknown, judge: JudgeText = judgeText): TextFault | undefined {
  return search(value, { path: [], judge });
}

export function judgeText(text: string): string | undefined {
  if (text.includes('\0')) return textReasons.nul;
  return text.isWellFormed() ? undefined : textReasons.halfCharacter;
}

function search(value: unknown, { path, judge }: { path: (string | number)[]; judge: JudgeText }): TextFault | undefined {
  if (typeof value === 'string') {
    const reason = judge(value);
    return reason === undefined ? undefined : { path, reason };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  // Named by its outermost field: thirty names say no more.
  if (path.length >= maxJsonDepth) return { path: path.slice(0, 1), reason: textReasons.depth };
  for (const [name, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const inner = [...path, name];
    const reason = typeof name === 'string' ? judge(name) : undefined;
    const fault = reason === undefined ? search(item, { path: inner, judge }) : { path: inner, reason };
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const maxFieldNameLength = 200;

/** A path as errors name it, `metadata.tags.0`: bounded, and fit to be stored and shown whatever a caller named a field. */
export function fieldName(path: readonly PropertyKey[]): string {
  return storable(path.map(String).join('.').slice(0, maxFieldNameLength));
}

/** A text of another program's as it can be stored: U+FFFD stands for what can't. For texts that are shown, never for what is compared. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** The beginning of a text. Unlike slice() it never leaves half a character. */
export function cutText(text: string, maxLength: number): string {
  const end = text.charCodeAt(maxLength - 1);
  const isFirstHalf = end >= 0xd800 && end <= 0xdbff;
  return text.slice(0, text.length > maxLength && isFirstHalf ? maxLength - 1 : maxLength);
}
