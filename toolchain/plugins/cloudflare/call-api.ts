import { APIConnectionError, APIError, APIUserAbortError, NotFoundError } from 'cloudflare/error';
import type { OperationContext } from '../shared/resource-provider.ts';

/** An answer of Cloudflare's that refuses, in words for the operator. */
export class CloudflareApiError extends Error {
  /** Of Cloudflare's own list, such as 10000 (authentication) or 81058 (an identical record exists). */
  readonly codes: readonly number[];
  readonly status: number | undefined;

  constructor(message: string, { codes, status, cause }: { codes: readonly number[]; status: number | undefined; cause: unknown }) {
    super(message, { cause });
    this.codes = codes;
    this.status = status;
  }
}

interface ApiCall<Result> {
  /** What is being done, as in "create the DNS record api.example.com". */
  what: string;
  context: OperationContext;
  send: (options: { signal: AbortSignal }) => PromiseLike<Result>;
}

/**
 * Asks Cloudflare's API within the bounds of the operation.
 *
 * @throws CloudflareApiError with every code that was answered, and the id that Cloudflare's support asks for
 */
export async function callApi<Result>({ what, context: { signal, timeoutMs }, send }: ApiCall<Result>): Promise<Result> {
  try {
    // The SDK does not look at the signal while it waits for its next try.
    return await Promise.race([send({ signal }), rejectWhenAborted(signal)]);
  } catch (error) {
    if (signal.aborted || error instanceof APIUserAbortError)
      throw new Error(`could not ${what}: Cloudflare's API did not answer within ${timeoutMs / 1_000} s, or the operation was cancelled`, {
        cause: error,
      });
    throw error instanceof APIError ? explain(what, error as APIError) : error;
  }
}

/** As `callApi`, but undefined where the object is not there. */
export async function callApiForObject<Result>(call: ApiCall<Result>): Promise<Result | undefined> {
  try {
    return await callApi(call);
  } catch (error) {
    if (error instanceof CloudflareApiError && error.cause instanceof NotFoundError && !error.codes.includes(zoneUnknown)) return undefined;
    throw error;
  }
}

/** "Could not route to …, perhaps your object identifier is invalid?": the zone, not what is in it, is not there. */
const zoneUnknown = 7003;

function explain(what: string, error: APIError): CloudflareApiError {
  const errors = error.errors.map(({ code, message }) => `${code} ${message}`);
  const codes = error.errors.flatMap(({ code }) => (typeof code === 'number' ? [code] : []));
  const { status } = error;
  if (error instanceof APIConnectionError)
    return new CloudflareApiError(`could not ${what}: Cloudflare's API can't be reached: ${causeOf(error)}`, {
      codes,
      status,
      cause: error,
    });
  const answer = errors.length > 0 ? errors.join('; ') : error.message;
  const ray = error.headers?.get('cf-ray');
  const advice = adviceFor(status, codes, error.headers?.get('retry-after'));
  const message = `could not ${what}: Cloudflare answered HTTP ${status}: ${answer}${advice}${ray ? ` (ray ${ray})` : ''}`;
  return new CloudflareApiError(message, { codes, status, cause: error });
}

function adviceFor(status: number | undefined, codes: readonly number[], retryAfter: string | null | undefined): string {
  if (codes.includes(zoneUnknown)) return '. Is the zone id right, and may the API token see the zone?';
  if (status === 401 || status === 403) return '. The API token is not valid, or lacks a permission for this';
  if (status === 429) return `. Too many requests; try again${retryAfter ? ` in ${retryAfter} s` : ' later'}`;
  return '';
}

function causeOf(error: APIError): string {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause instanceof Error ? cause.message : error.message;
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
