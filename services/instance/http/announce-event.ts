import type { Context } from 'koa';

/** What counts a user as active in a month (MAU). */
export type AuthEvent = 'signup' | 'signin' | 'refresh';

/** Tells the proxy, which meters and removes the header, that a user has authenticated. */
export function announceEvent(ctx: Pick<Context, 'set'>, event: AuthEvent, userId: string): void {
  ctx.set('x-authsome-event', `${event};user=${userId}`);
}
