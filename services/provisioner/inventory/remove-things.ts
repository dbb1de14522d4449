import { setTimeout as delay } from 'node:timers/promises';
import type { Inventory, Thing } from './inventory.ts';

export interface Removal {
  inventory: Inventory;
  appId: string;
  /** Aborted to stop, in the middle. */
  signal: AbortSignal;
  /** How long to try, in milliseconds. */
  limitMs: number;
}

export interface Removed {
  /** What was found and is gone. */
  removed: Thing[];
  /** What is still there, and why. */
  left: Leftover[];
  /** Where it could not be looked, and why. */
  unseen: Leftover[];
}

export interface Leftover {
  kind: string;
  name: string;
  error: unknown;
}

const firstDelayMs = 250;
const longestDelayMs = 5_000;

/**
 * Looks for everything of one application, removes what it finds, and looks again, until nothing is left or the time is over. A place that
 * doesn't answer is asked again: a server that restarts meanwhile costs no more than that.
 *
 * @throws the signal's reason, once it has aborted
 */
export async function removeThings({ inventory, appId, signal, limitMs }: Removal): Promise<Removed> {
  const deadline = performance.now() + limitMs;
  const seen = new Map<string, Thing>();
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
    signal.throwIfAborted();
    const { things, unseen } = await look(inventory, appId);
    for (const thing of things) seen.set(keyOf(thing), thing);
    const left = await removeEach(inventory, things, signal);
    if ((left.length === 0 && unseen.length === 0) || performance.now() + delayMs > deadline) {
      const there = new Set(left.map(keyOf));
      return { removed: [...seen.values()].filter((thing) => !there.has(keyOf(thing))), left, unseen };
    }
    await delay(delayMs, undefined, { signal });
  }
}

const keyOf = ({ kind, name }: { kind: string; name: string }): string => `${kind} ${name}`;

async function look(inventory: Inventory, appId: string): Promise<{ things: Thing[]; unseen: Leftover[] }> {
  const answers = await Promise.allSettled(inventory.map((place) => place.find(appId)));
  const things = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const unseen = answers.flatMap((answer, index) =>
    answer.status === 'rejected'
      ? (inventory[index]?.expected(appId) ?? []).map(({ kind, name }) => ({ kind, name, error: answer.reason as unknown }))
      : [],
  );
  return { things, unseen };
}

/** What was found counts as left until the next look finds it no more. */
async function removeEach(inventory: Inventory, things: Thing[], signal: AbortSignal): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for (const place of inventory)
    for (const thing of things.filter(({ kind }) => place.kinds.includes(kind))) {
      signal.throwIfAborted();
      const error: unknown = await place.remove(thing).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      left.push({ kind: thing.kind, name: thing.name, error });
    }
  return left;
}
