import type { SweepFinding } from '../../shared/db/tables.ts';

export type ThingKind = SweepFinding['kind'];

/** Something outside of the control database that exists for one application. */
export interface Thing {
  kind: ThingKind;
  name: string;
  appId: string;
}

/** Where things of applications are. Every answer is of the moment; every request ends in time. */
export interface Place {
  kinds: readonly ThingKind[];
  /** What an application would have there, whether it has it or not. */
  expected(appId: string): Thing[];
  /** What exists there of one application. */
  find(appId: string): Promise<Thing[]>;
  /** What exists there of all applications, a page at a time. */
  list(): AsyncGenerator<Thing[]>;
  /**
   * Removes a thing, or begins to: call it again until find() answers nothing.
   *
   * @throws Error where it is not certain that it is the application's, or can't be removed
   */
  remove(thing: Thing): Promise<void>;
  /** Tries again to do away with what could not be removed when it was asked for and was made harmless: find() and list() don't tell of it. */
  retry?(signal: AbortSignal): Promise<void>;
}

/** In the order in which an application's things are removed: what uses others first, the record of what there was last. */
export type Inventory = readonly Place[];
