import { isBanned } from '../auth/stored-user.ts';
import type { StoredUser } from '../auth/stored-user.ts';

export interface PresentedUser {
  id: string;
  email: string;
  name: string;
  image: string | null;
  emailVerified: boolean;
  twoFactorEnabled: boolean;
  createdAt: string;
  updatedAt: string;
}

/** What the application's backend sees besides. */
export interface PresentedFullUser extends PresentedUser {
  banned: boolean;
  banReason: string | null;
  bannedUntil: string | null;
  metadata: Record<string, unknown>;
}

/** A user as answers show them. Dates may be text: a session read from the cache has been JSON. */
export function presentUser(user: StoredUser): PresentedUser {
  const { id, email, name, image, emailVerified, twoFactorEnabled, createdAt, updatedAt } = user;
  return {
    ...{ id, email, name, image: image ?? null, emailVerified, twoFactorEnabled: twoFactorEnabled === true },
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

export function presentFullUser(user: StoredUser): PresentedFullUser {
  const banned = isBanned(user);
  return {
    ...presentUser(user),
    banned,
    banReason: banned ? user.banReason : null,
    bannedUntil: banned && user.banExpires !== null ? new Date(user.banExpires).toISOString() : null,
    metadata: user.metadata ?? {},
  };
}
