import { z } from 'zod';

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional(), requestId: z.string().optional() }),
});

const fieldSchema = z.object({ field: z.string().optional() });

/** The control API's answer when it refuses: its code and status as they came. */
export class ControlApiError extends Error {
  override name = 'ControlApiError';
  readonly status: number;
  readonly code: string;
  /** The first field that is wrong, if the request was. */
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** There is no answer, or the answer is not from the control API: a gateway's page, or another program behind the URL. */
export class UnusableAnswerError extends Error {
  override name = 'UnusableAnswerError';
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;
  readonly code: 'not_the_control_api' | 'unreachable';

  constructor(message: string, { status, cause }: { status?: number; cause?: unknown }) {
    super(message, { cause });
    this.status = status;
    this.code = status === undefined ? 'unreachable' : 'not_the_control_api';
  }
}

export interface ApiCall {
  method: string;
  url: string;
  /** Bearer token. */
  token?: string | undefined;
  /** Sent as JSON. */
  body?: unknown;
}

const requestTimeoutMs = 15_000;

/**
 * One call, checked on both sides: the answer is parsed.
 *
 * @throws ControlApiError if the API refuses; UnusableAnswerError if it does not answer, or something else answers in its place
 */
export async function callApi<Schema extends z.ZodType>({ method, url, token, body }: ApiCall, schema: Schema): Promise<z.output<Schema>> {
  const response = await send(
    { method, url },
    {
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestTimeoutMs),
    },
  );
  const text = await response.text().catch((cause: unknown) => {
    throw new UnusableAnswerError(`${method} ${url}: the answer broke off (${reasonOf(cause)})`, { cause });
  });
  const answer = schema.safeParse(text === '' ? undefined : parseJson(text));
  if (answer.success) return answer.data;
  throw foreignAnswer(response.status, { method, url }, answer.error, parseJson(text) !== notJson);
}

/**
 * Sends a request whose answer may be a stream.
 *
 * @returns an answer with a status of success
 * @throws as callApi
 */
export async function send({ method, url }: { method: string; url: string }, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, method }).catch((cause: unknown) => {
    throw new UnusableAnswerError(`${method} ${url}: no answer (${reasonOf(cause)})`, { cause });
  });
  if (!response.ok) throw await refusalOf(response, { method, url });
  return response;
}

async function refusalOf(response: Response, call: { method: string; url: string }): Promise<ControlApiError | UnusableAnswerError> {
  const answer = errorSchema.safeParse(parseJson(await response.text().catch(() => '')));
  if (!answer.success) return foreignAnswer(response.status, call, answer.error);
  const { code, message, details } = answer.data.error;
  const text = `${call.method} ${new URL(call.url).pathname}: ${response.status} ${code}: ${message} ${JSON.stringify(details ?? '')}`;
  return new ControlApiError(response.status, code, text, fieldSchema.safeParse(details).data?.field);
}

function foreignAnswer(
  status: number,
  { method, url }: { method: string; url: string },
  cause: z.ZodError,
  json = false,
): UnusableAnswerError {
  // An older or newer control API is the likelier cause if the answer is a success and JSON.
  const paths = cause.issues.map(({ path }) => path.join('.') || 'body').slice(0, 3);
  const what = json ? `not as this version of the command line expects it (${paths.join(', ')})` : 'not from the control API';
  return new UnusableAnswerError(`${method} ${url}: ${status}, ${what}`, { status, cause });
}

/** Stands for text that is not JSON: no schema accepts it. */
const notJson = Symbol('not JSON');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
}

/** Node's fetch says only "fetch failed"; its cause has the reason, such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `not within ${requestTimeoutMs / 1_000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.message) || error.message;
}
