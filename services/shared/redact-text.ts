/** What is shown in place of a secret. */
export const redacted = '[redacted]';

/**
 * Cuts passwords in URLs, and API keys, out of a text. Takes time in proportion to the text's length, whatever is in it: callers choose much
 * of what is logged.
 */
export function redactText(text: string): string {
  return redactUrlPasswords(text).replace(/\b([ps]k_(?:live|test)_)[0-9A-Za-z]+/g, `$1${redacted}`);
}

/** A user's name in a URL ends at one of these. */
const userEnd = /[:/@\s]/g;
const passwordEnd = /[@\s]/g;
/** A password that was not encoded may hold an `@`; these end what can still belong to it. */
const hostEnd = /[@\s/?#"'<>,;]/g;

// By hand: a regular expression would look at the rest of the text once for each place where a URL could begin.
function redactUrlPasswords(text: string): string {
  const kept: string[] = [];
  let keptUpTo = 0;
  let start = text.indexOf('://');
  while (start !== -1) {
    let next = indexOf(userEnd, text, start + 3);
    if (text[next] === ':') {
      const password = next + 1;
      next = indexOf(passwordEnd, text, password);
      if (next > password && text[next] === '@') {
        next = lastAt(text, next);
        kept.push(text.slice(keptUpTo, password), redacted);
        keptUpTo = next;
      }
    }
    // Never back: what was looked at holds no other password.
    start = text.indexOf('://', next);
  }
  return kept.length === 0 ? text : kept.join('') + text.slice(keptUpTo);
}

function lastAt(text: string, firstAt: number): number {
  let last = firstAt;
  for (let next = firstAt; text[next] === '@'; next = indexOf(hostEnd, text, next + 1)) last = next;
  return last;
}

function indexOf(sought: RegExp, text: string, from: number): number {
  sought.lastIndex = from;
  return sought.exec(text)?.index ?? text.length;
}
