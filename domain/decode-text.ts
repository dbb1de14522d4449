import { fieldName, findTextFault, judgeText, textReasons } from './text.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const forgivingUtf8 = new TextDecoder('utf-8');
const replacement = '\ufffd';

/** @returns undefined for bytes that are not UTF-8. A byte order mark at the beginning is left out. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A field of a request, and what is wrong with it. */
export interface FieldFault {
  field: string;
  reason: string;
}

/** Which field of a JSON text holds the bytes that are not UTF-8: the text itself, `body`, if that can't be said. */
export function findBadUtf8(bytes: Uint8Array): FieldFault {
  const reason = textReasons.notUtf8;
  try {
    // Marks that are in the text as such go first, so that those which remain stand for bad bytes.
    const marked = forgivingUtf8.decode(withoutReplacements(bytes)).replaceAll(/\\ufffd/gi, '\\u003f');
    const fault = findTextFault(JSON.parse(marked), (text) => (text.includes(replacement) ? reason : undefined));
    return { field: fieldName(fault?.path ?? []) || 'body', reason };
  } catch {
    return { field: 'body', reason };
  }
}

function withoutReplacements(bytes: Uint8Array): Uint8Array {
  const kept = Uint8Array.from(bytes);
  for (let at = 0; at + 2 < kept.length; at += 1) {
    if (kept[at] === 0xef && kept[at + 1] === 0xbf && kept[at + 2] === 0xbd) kept.fill(0x3f, at, at + 3);
  }
  return kept;
}

/**
 * What is wrong with the text in a URL's path or query, named `path` or as the parameter. A `%` that begins no escape stands for itself, as
 * in browsers.
 *
 * @param url path and query, as they came
 */
export function findUrlFault(url: string): FieldFault | undefined {
  const queryAt = url.indexOf('?');
  const reason = judgeEscaped(queryAt === -1 ? url : url.slice(0, queryAt));
  if (reason !== undefined) return { field: 'path', reason };
  for (const parameter of queryAt === -1 ? [] : url.slice(queryAt + 1).split('&')) {
    const [name = ''] = parameter.split('=', 1);
    const problem = judgeEscaped(parameter);
    if (problem !== undefined) return { field: fieldName([forgivingUtf8.decode(unescape(name))]) || 'query', reason: problem };
  }
  return undefined;
}

function judgeEscaped(text: string): string | undefined {
  if (/[^\u0020-\u007e]/.test(text)) return 'must be percent-encoded';
  if (!text.includes('%')) return undefined;
  const decoded = decodeUtf8(unescape(text));
  return decoded === undefined ? textReasons.notUtf8 : judgeText(decoded);
}

/** The bytes of a text that is ASCII. */
function unescape(text: string): Uint8Array {
  const characters = text.replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
