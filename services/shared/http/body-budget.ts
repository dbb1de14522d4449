import type { IncomingMessage } from 'node:http';
import { appErrors } from '../errors.ts';

/** What one request may hold of a budget. */
export interface BodyHold {
  /** Counts bytes that are about to be kept. @throws AppError service_unavailable (busy) where there is no room for them */
  add(bytes: number): void;
  /** The body is not needed any more; doing it again changes nothing. */
  release(): void;
}

export interface BodyBudget {
  /** @param owner whose share it is taken from, such as an application */
  open(owner: string): BodyHold;
  /** Bytes held now. */
  held(): number;
}

/**
 * Bounds the memory that request bodies take: together, and for each owner, so that the clients of one can't take all of it. Whoever comes
 * when it is used up is refused and may try again.
 */
export function createBodyBudget({ totalBytes, ownerBytes = totalBytes }: { totalBytes: number; ownerBytes?: number }): BodyBudget {
  const byOwner = new Map<string, number>();
  let total = 0;

  const change = (owner: string, bytes: number): void => {
    const own = (byOwner.get(owner) ?? 0) + bytes;
    if (own === 0) byOwner.delete(owner);
    else byOwner.set(owner, own);
    total += bytes;
  };

  return {
    open(owner) {
      let held = 0;
      return {
        add(bytes) {
          if (total + bytes > totalBytes || (byOwner.get(owner) ?? 0) + bytes > ownerBytes) throw appErrors.unavailable('busy');
          held += bytes;
          change(owner, bytes);
        },
        release() {
          if (held > 0) change(owner, -held);
          held = 0;
        },
      };
    },
    held: () => total,
  };
}

const holds = new WeakMap<IncomingMessage, BodyHold>();

/** Makes the body of a request count towards a server's budget, whoever reads it. */
export function assignHold(req: IncomingMessage, hold: BodyHold): void {
  holds.set(req, hold);
}

/** Undefined for a request of a server without a budget. */
export function holdOf(req: IncomingMessage): BodyHold | undefined {
  return holds.get(req);
}
