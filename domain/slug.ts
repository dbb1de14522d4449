const digitsAndLetters = /[a-z0-9]+/g;
const marks = /\p{M}+/gu;

/**
 * A name as lower-case letters and digits with single hyphens between: `Café Münster` gives `cafe-munster`. Of scripts that have no such
 * letters nothing is left.
 *
 * @param maxLength characters
 * @returns empty if nothing of the name is left: the caller has to choose another word then
 */
export function slugFrom(name: string, maxLength: number): string {
  const words = name.normalize('NFKD').replace(marks, '').toLowerCase().match(digitsAndLetters) ?? [];
  return words.join('-').slice(0, maxLength).replace(/-$/, '');
}
