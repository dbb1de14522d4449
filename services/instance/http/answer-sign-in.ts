import type { ParameterizedContext } from 'koa';
import type { SignInOutcome } from '../auth/start-session.ts';
import { presentChallenge, presentSession } from '../presenters/present-session.ts';
import { announceEvent } from './announce-event.ts';
import type { AuthEvent } from './announce-event.ts';
import type { InstanceState } from './caller.ts';

/** Answers 200 with the session, or with the challenge: then nobody has authenticated yet. */
export function answerSignIn(ctx: ParameterizedContext<InstanceState>, outcome: SignInOutcome, event: AuthEvent = 'signin'): void {
  if ('challenge' in outcome) {
    ctx.body = presentChallenge(outcome.challenge);
    return;
  }
  announceEvent(ctx, event, outcome.signedIn.user.id);
  ctx.body = presentSession(outcome.signedIn);
}
