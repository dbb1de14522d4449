import { storable } from '../../domain/text.ts';

export interface OperationFailure {
  /** Stable, for programs: invalid_spec, timeout, child_exited … or what the child reports. */
  code: string;
  /** For people; must not hold a secret, it is shown to the application's owner. */
  message: string;
  /** Whether another attempt may succeed without anybody changing anything. */
  retryable: boolean;
  /** The child did not end by itself, so it may have left a lock and pending operations in the stack: the next attempt takes over. */
  unclean?: boolean;
  /** What an operator can do about it. */
  remedy?: string | undefined;
  cause?: unknown;
}

/** Why one operation failed, in the terms that decide what happens next. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  readonly retryable: boolean;
  readonly unclean: boolean;
  readonly remedy: string | undefined;

  constructor({ code, message, retryable, unclean = false, remedy, cause }: OperationFailure) {
    // It quotes programs and objects of the cluster, and is stored: one character that can't be would keep the failure from being written.
    super(storable(message), { cause });
    this.code = code;
    this.retryable = retryable;
    this.unclean = unclean;
    this.remedy = remedy;
  }
}

/** Any thrown value as an OperationError. What nobody foresaw is retryable: the bound is the number of attempts. */
export function toOperationError(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  // The message goes to the application's owner: what a driver says belongs in the log alone.
  return new OperationError({
    code: 'internal_error',
    message: 'Something went wrong on our side.',
    retryable: true,
    unclean: true,
    cause: error,
  });
}
