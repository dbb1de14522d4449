import { isAPIError } from 'better-auth/api';
import { isOutage } from '../../shared/db/is-outage.ts';
import { AppError, appErrors } from '../../shared/errors.ts';

/** What each of better-auth's error codes means in the product's format. */
const errorsByCode: Readonly<Record<string, () => AppError>> = {
  USER_ALREADY_EXISTS: () => appErrors.conflict({ field: 'email', reason: 'already_in_use' }),
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: () => appErrors.conflict({ field: 'email', reason: 'already_in_use' }),
  INVALID_EMAIL: () => appErrors.invalidRequest({ field: 'email', reason: 'invalid_email' }),
  INVALID_EMAIL_OR_PASSWORD: () => appErrors.unauthorized('invalid_credentials'),
  EMAIL_NOT_VERIFIED: () => appErrors.forbidden('email_not_verified'),
  PASSWORD_TOO_SHORT: () => appErrors.invalidRequest({ field: 'password', reason: 'too_short' }),
  PASSWORD_TOO_LONG: () => appErrors.invalidRequest({ field: 'password', reason: 'too_long' }),
  UNAUTHORIZED: () => appErrors.unauthorized('invalid_session'),
  FAILED_TO_GET_SESSION: () => appErrors.unauthorized('invalid_session'),
};

/** The error to answer with: a lost connection is the outage that it is, and what is not known here an internal error. */
export function toAppError(err: unknown, overrides: Readonly<Record<string, () => AppError>> = {}): AppError {
  if (err instanceof AppError) return err;
  if (isOutage(err)) return appErrors.unavailable('upstream');
  const code = errorCode(err);
  const known = code === undefined ? undefined : (overrides[code] ?? errorsByCode[code]);
  return known ? known() : appErrors.internal(err);
}

/** better-auth's code for an error of its own, such as FAILED_TO_CREATE_USER. */
export function errorCode(err: unknown): string | undefined {
  return isAPIError(err) ? err.body?.code : undefined;
}
