/** A user as it is in the database. Read from a session's cache its dates may be text: that has been JSON. */
export interface StoredUser {
  id: string;
  email: string;
  name: string;
  image: string | null;
  emailVerified: boolean;
  createdAt: Date;
  updatedAt: Date;
  /** Null in rows from before there was a second factor; the same for `banned`. */
  twoFactorEnabled: boolean | null;
  banned: boolean | null;
  banReason: string | null;
  /** Null: for ever. */
  banExpires: Date | null;
  /** What the application's backend keeps with the user. */
  metadata: Record<string, unknown> | null;
}

export interface StoredSession {
  id: string;
  /** As its owner holds it. Only a hash of it is stored. */
  token: string;
  userId: string;
  /** When the user signed in: refreshing does not change it. */
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
}

export interface SignedIn {
  user: StoredUser;
  session: StoredSession;
}

/** A ban with an end is over without anything being written. */
export function isBanned({ banned, banExpires }: Pick<StoredUser, 'banned' | 'banExpires'>, now = Date.now()): boolean {
  return banned === true && (banExpires === null || new Date(banExpires).getTime() > now);
}
