import { z } from 'zod';

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional(), requestId: z.string().optional() }),
});

/** The control API's answer when it refuses: its code and status as they came. */
export class ControlApiError extends Error {
  override name = 'ControlApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
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

/** One call, checked on both sides: what comes back is parsed. @throws ControlApiError where it is refused */
export async function callApi<Schema extends z.ZodType>({ method, url, token, body }: ApiCall, schema: Schema): Promise<z.output<Schema>> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  if (!response.ok) throw await refusalOf(response, { method, url });
  const text = await response.text();
  return schema.parse(text === '' ? undefined : JSON.parse(text));
}

/** What an answer that is no success says. */
export async function refusalOf(response: Response, { method, url }: { method: string; url: string }): Promise<ControlApiError> {
  const { error } = errorSchema.parse(JSON.parse(await response.text()));
  const message = `${method} ${new URL(url).pathname}: ${response.status} ${error.code}: ${error.message} ${JSON.stringify(error.details ?? '')}`;
  return new ControlApiError(response.status, error.code, message);
}
