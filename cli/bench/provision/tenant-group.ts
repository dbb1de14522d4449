import { setTimeout as delay } from 'node:timers/promises';
import type { ControlClient } from '../../control-client.ts';

type Owner = Pick<ControlClient, 'createWorkspace' | 'createApplication' | 'applications' | 'destroyApplication' | 'operation'>;

export interface TenantGroupOptions {
  /** A new account for each few applications. */
  signUp: () => Promise<Owner>;
  /** Aborted: nothing is waited for any more but removals. */
  stop: AbortSignal;
}

/** What the free plan allows one account. */
const perOwner = 3;
const pollMs = 250;
/** For 20, one at a time, on a busy machine: some 15 s each. */
const limitMs = 900_000;

/** Free applications that are made together, and removed together. */
export class TenantGroup {
  readonly #options: TenantGroupOptions;
  readonly #workspaces: { id: string; owner: Owner }[] = [];
  readonly #made = new Map<string, Owner>();

  constructor(options: TenantGroupOptions) {
    this.#options = options;
  }

  /**
   * Asks for all of them at once and waits until each is active.
   *
   * @returns milliseconds from the first request until each was active, ascending
   * @throws Error naming one that failed, or when it takes too long
   */
  async create(count: number): Promise<number[]> {
    const { signUp, stop } = this.#options;
    while (this.#workspaces.length * perOwner < count) {
      const owner = await signUp();
      this.#workspaces.push({ id: (await owner.createWorkspace('Bench')).id, owner });
    }
    const startedAt = performance.now();
    const asked = await Promise.allSettled(Array.from({ length: count }, (_, index) => this.#createOne(index)));
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
    const readyMs = new Map<string, number>();
    await this.#watch(stop, (statuses) => {
      const failed = this.ids.find((id) => statuses.get(id) === 'failed');
      if (failed !== undefined) throw new Error(`${failed} failed`);
      const active = this.ids.filter((id) => statuses.get(id) === 'active' && !readyMs.has(id));
      for (const id of active) readyMs.set(id, Math.round(performance.now() - startedAt));
      return readyMs.size === this.#made.size;
    });
    return [...readyMs.values()].sort((a, b) => a - b);
  }

  /** The ids of those that there are. */
  get ids(): readonly string[] {
    return [...this.#made.keys()];
  }

  /** @throws Error where the application is none of these */
  ownerOf(id: string): Owner {
    const owner = this.#made.get(id);
    if (owner === undefined) throw new Error(`${id} is not one of the measured applications`);
    return owner;
  }

  /** @returns milliseconds from the first request until the last of them is gone */
  async destroyAll(): Promise<number> {
    const startedAt = performance.now();
    const asked = await Promise.allSettled([...this.#made].map(([id, owner]) => owner.destroyApplication(id)));
    await this.#watch(undefined, (statuses) => {
      const failed = this.ids.find((id) => statuses.get(id) === 'failed');
      if (failed !== undefined) throw new Error(`the deletion of ${failed} failed`);
      return this.ids.every((id) => !statuses.has(id));
    });
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
    this.#made.clear();
    return Math.round(performance.now() - startedAt);
  }

  async #createOne(index: number): Promise<void> {
    const workspace = this.#workspaces[Math.floor(index / perOwner)];
    if (workspace === undefined) throw new Error('there are fewer accounts than the applications need');
    const input = { name: 'Bench', slug: `bench-${Date.now().toString(36)}-${index}`, environment: 'development' };
    this.#made.set((await workspace.owner.createApplication(workspace.id, input)).id, workspace.owner);
  }

  /** Looks at the statuses of all that are not deleted until `isDone` says so. */
  async #watch(stop: AbortSignal | undefined, isDone: (statuses: Map<string, string>) => boolean): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const lists = await Promise.all(this.#workspaces.map(({ id, owner }) => owner.applications(id)));
      if (
        isDone(
          new Map(
            lists
              .flat()
              .filter(({ status }) => status !== 'deleted')
              .map(({ id, status }) => [id, status]),
          ),
        )
      )
        return;
      stop?.throwIfAborted();
      if (performance.now() > deadline) throw new Error(`${this.#made.size} applications were not ready within ${limitMs / 1_000} s`);
      await delay(pollMs);
    }
  }
}
