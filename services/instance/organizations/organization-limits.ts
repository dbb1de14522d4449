import { appErrors } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { hashToken } from '../auth/one-time-tokens.ts';
import type { SessionCache } from '../auth/session-cache.ts';
import type { Actor } from './organization-access.ts';

/** Counts what a user sends to strangers or makes. The backend is not counted: its key is trusted, and the application's mails have a limit. */
export type OrganizationLimits = ReturnType<typeof createOrganizationLimits>;

const hourSeconds = 3_600;
const daySeconds = 86_400;
/** Enough for a person who invites their team; a larger one is invited by the backend. */
const invitationsPerUserAndHour = 50;
const invitationsPerUserAndDay = 200;
const invitationsPerOrganizationAndDay = 500;
const organizationsPerUserAndDay = 20;

export function createOrganizationLimits({ cache, log }: { cache: SessionCache; log: Log }) {
  // A user who was erased must not be named by what remains in Redis.
  async function count(key: string, limit: number, seconds: number): Promise<void> {
    const counted = await cache.increment(`limit-${hashToken(key)}`, seconds).catch((err: unknown) => {
      log.warn({ err }, 'Requests cannot be counted, this one passes');
      return 0;
    });
    if (counted > limit) throw appErrors.rateLimited(seconds);
  }

  return {
    /** @throws rate_limit_exceeded */
    async countInvitation(actor: Actor, organizationId: string): Promise<void> {
      if ('backend' in actor) return;
      await count(`invitations-hour-${actor.user.id}`, invitationsPerUserAndHour, hourSeconds);
      await count(`invitations-day-${actor.user.id}`, invitationsPerUserAndDay, daySeconds);
      await count(`invitations-day-${organizationId}`, invitationsPerOrganizationAndDay, daySeconds);
    },

    /** @throws rate_limit_exceeded */
    async countOrganization(actor: Actor): Promise<void> {
      if ('user' in actor) await count(`organizations-day-${actor.user.id}`, organizationsPerUserAndDay, daySeconds);
    },
  };
}
