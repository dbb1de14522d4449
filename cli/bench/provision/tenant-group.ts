import { setTimeout as delay } from 'node:timers/promises';
import type { ControlClient } from '../../control-client.ts';

export interface TenantGroupOptions {
  client: Pick<ControlClient, 'createWorkspace' | 'createApplication' | 'applications' | 'destroyApplication'>;
  /** Aborted: nothing is waited for any more but removals. */
  stop: AbortSignal;
}

/** What the free plan allows in one workspace. */
const perWorkspace = 3;
const pollMs = 250;
/** For 20, one at a time, on a busy machine: some 15 s each. */
const limitMs = 900_000;

/** Free applications that are made together, and removed together. */
export class TenantGroup {
  readonly #options: TenantGroupOptions;
  readonly #workspaces: string[] = [];
  #made: string[] = [];

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
    const { client, stop } = this.#options;
    while (this.#workspaces.length * perWorkspace < count) this.#workspaces.push((await client.createWorkspace('Bench')).id);
    const startedAt = performance.now();
    const asked = await Promise.allSettled(Array.from({ length: count }, (_, index) => this.#createOne(index)));
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
    const readyMs = new Map<string, number>();
    await this.#watch(stop, (statuses) => {
      const failed = this.#made.find((id) => statuses.get(id) === 'failed');
      if (failed !== undefined) throw new Error(`${failed} failed`);
      const active = this.#made.filter((id) => statuses.get(id) === 'active' && !readyMs.has(id));
      for (const id of active) readyMs.set(id, Math.round(performance.now() - startedAt));
      return readyMs.size === this.#made.length;
    });
    return [...readyMs.values()].sort((a, b) => a - b);
  }

  /** The ids of those that there are. */
  get ids(): readonly string[] {
    return this.#made;
  }

  /** @returns milliseconds from the first request until the last of them is gone */
  async destroyAll(): Promise<number> {
    const startedAt = performance.now();
    const asked = await Promise.allSettled(this.#made.map((id) => this.#options.client.destroyApplication(id)));
    await this.#watch(undefined, (statuses) => {
      const failed = this.#made.find((id) => statuses.get(id) === 'failed');
      if (failed !== undefined) throw new Error(`the deletion of ${failed} failed`);
      return this.#made.every((id) => !statuses.has(id));
    });
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
    this.#made = [];
    return Math.round(performance.now() - startedAt);
  }

  async #createOne(index: number): Promise<void> {
    const workspaceId = this.#workspaces[Math.floor(index / perWorkspace)] ?? '';
    const input = { name: 'Bench', slug: `bench-${Date.now().toString(36)}-${index}`, environment: 'development' };
    this.#made.push((await this.#options.client.createApplication(workspaceId, input)).id);
  }

  /** Looks at the statuses of all that are not deleted until `isDone` says so. */
  async #watch(stop: AbortSignal | undefined, isDone: (statuses: Map<string, string>) => boolean): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const lists = await Promise.all(this.#workspaces.map((id) => this.#options.client.applications(id)));
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
      if (performance.now() > deadline) throw new Error(`${this.#made.length} applications were not ready within ${limitMs / 1_000} s`);
      await delay(pollMs);
    }
  }
}
