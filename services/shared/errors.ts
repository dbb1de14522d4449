export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rate_limit_exceeded'
  | 'internal_error'
  | 'service_unavailable';

/** One thing that is wrong: a field of the request (dotted path) and why. */
export interface ErrorDetail {
  field?: string;
  reason: string;
}

export type UnavailableReason = 'provisioning' | 'suspended' | 'maintenance' | 'upstream' | 'busy';

interface AppErrorOptions {
  code: ErrorCode;
  status: number;
  message: string;
  details?: ErrorDetail | ErrorDetail[] | undefined;
  headers?: Record<string, string> | undefined;
  cause?: unknown;
}

/** An error whose code, status and details the caller may see. Everything else is rendered as internal_error. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetail | ErrorDetail[] | undefined;
  readonly headers: Record<string, string>;

  constructor({ code, status, message, details, headers, cause }: AppErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.details = details;
    this.headers = headers ?? {};
  }
}

/** The table of errors that the product answers with. */
export const appErrors = {
  invalidRequest: (details: ErrorDetail | ErrorDetail[], status: 400 | 408 | 413 | 415 | 431 = 400) =>
    new AppError({ code: 'invalid_request', status, message: 'The request is not valid.', details }),
  unauthorized: (reason = 'credentials_required') =>
    new AppError({
      code: 'unauthorized',
      status: 401,
      message: 'Valid credentials are required.',
      details: { reason },
      headers: { 'WWW-Authenticate': 'Bearer' },
    }),
  forbidden: (reason = 'role_not_sufficient') =>
    new AppError({ code: 'forbidden', status: 403, message: 'You may not do this.', details: { reason } }),
  notFound: (what = 'resource') => new AppError({ code: 'not_found', status: 404, message: `There is no such ${what}.` }),
  conflict: (details: ErrorDetail) =>
    new AppError({ code: 'conflict', status: 409, message: 'The request conflicts with what exists.', details }),
  rateLimited: (retryAfterSeconds: number) =>
    new AppError({
      code: 'rate_limit_exceeded',
      status: 429,
      message: 'Too many requests.',
      headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) },
    }),
  internal: (cause: unknown) => new AppError({ code: 'internal_error', status: 500, message: 'Something went wrong on our side.', cause }),
  unavailable: (reason: UnavailableReason) =>
    new AppError({ code: 'service_unavailable', status: 503, message: 'The service is not available now.', details: { reason } }),
} as const;

export interface ErrorBody {
  error: {
    code: ErrorCode;
    message: string;
    /** The first problem; `more` lists the others of the same request. */
    details?: ErrorDetail & { more?: ErrorDetail[] };
    /** Seconds, with 429 only. */
    retryAfter?: number;
    requestId: string;
  };
}

/** Renders any thrown value in the product's error format. What is not an AppError tells the caller nothing. */
export function renderError(err: unknown, requestId: string): { status: number; headers: Record<string, string>; body: ErrorBody } {
  const error = err instanceof AppError ? err : appErrors.internal(err);
  const details = renderDetails(error.details);
  const retryAfter = error.headers['Retry-After'];
  return {
    status: error.status,
    headers: error.headers,
    body: {
      error: {
        code: error.code,
        message: error.message,
        ...(details ? { details } : {}),
        ...(retryAfter === undefined ? {} : { retryAfter: Number(retryAfter) }),
        requestId,
      },
    },
  };
}

function renderDetails(details: AppError['details']): (ErrorDetail & { more?: ErrorDetail[] }) | undefined {
  if (!Array.isArray(details)) return details;
  const [first, ...more] = details;
  return first && more.length > 0 ? { ...first, more } : first;
}
