/** Numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed. */
export type SeededRandom = () => number;

/**
 * Mulberry32: 32 bits of state, more than enough to choose a few faults and moments. Not for secrets.
 *
 * @param parts what the numbers are for, such as the run's seed and a step's name: each has its own sequence, whatever else is drawn
 */
export function seededRandom(...parts: readonly (string | number)[]): SeededRandom {
  let state = hash(parts.join('/'));
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In another order, each order as likely as any other (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const order = [...items];
  for (let left = order.length - 1; left > 0; left -= 1) {
    const chosen = Math.floor(random() * (left + 1));
    [order[left], order[chosen]] = [order[chosen] as Item, order[left] as Item];
  }
  return order;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01_00_01_93);
  return value;
}
