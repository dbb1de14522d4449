/** Deeper than any document that is patched here. What is deeper is taken as it is, and must not exhaust the stack. */
const maxDepth = 16;

/**
 * Applies a JSON merge patch (RFC 7396): objects merge, null removes, anything else replaces. Neither argument is changed.
 *
 * @param target the document, as JSON
 * @param patch the changes, as JSON
 */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isJsonObject(patch) || depth === maxDepth) return patch;
  // A Map and fromEntries(): `__proto__` and `constructor` are names like any other.
  const merged = new Map<string, unknown>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value, depth + 1));
  }
  return Object.fromEntries(merged);
}

/** Whether a JSON value is an object, and not a list or null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
