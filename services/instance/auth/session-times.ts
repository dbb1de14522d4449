import type { AuthSettings } from './create-auth.ts';

export interface SessionTimes {
  /** Seconds of disuse after which a session ends. */
  timeoutSeconds: number;
  /** Seconds after its sign-in at which a session ends, however much it is used. */
  lifetimeSeconds: number;
  /** Seconds after which a session in use is prolonged. */
  refreshAfterSeconds: number;
}

/** A session in use is prolonged at most once a day; one with a short timeout, at half of it. */
const maxRefreshIntervalSeconds = 86_400;
/** OWASP asks for an end, whatever the use; a quarter lets an app that is used daily ask for the password four times a year. */
const defaultLifetimeSeconds = 90 * 86_400;

/** An application that lets sessions be unused for longer than 90 days has said so: its sessions live as long. */
export function sessionLifetime({ timeoutSeconds, chosen }: { timeoutSeconds: number; chosen: number | undefined }): number {
  return chosen ?? Math.max(defaultLifetimeSeconds, timeoutSeconds);
}

export function sessionTimes(settings: Pick<AuthSettings, 'sessionTimeoutSeconds' | 'sessionLifetimeSeconds'>): SessionTimes {
  const { sessionTimeoutSeconds: timeoutSeconds, sessionLifetimeSeconds: lifetimeSeconds } = settings;
  return { timeoutSeconds, lifetimeSeconds, refreshAfterSeconds: Math.min(maxRefreshIntervalSeconds, Math.floor(timeoutSeconds / 2)) };
}
