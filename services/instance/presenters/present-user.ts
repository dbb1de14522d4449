import type { StoredUser } from '../auth/users.ts';

export interface PresentedUser {
  id: string;
  email: string;
  name: string;
  emailVerified: boolean;
  createdAt: string;
  updatedAt: string;
}

/** A user as answers show them. Dates may be text: a session read from the cache has been JSON. */
export function presentUser({ id, email, name, emailVerified, createdAt, updatedAt }: StoredUser): PresentedUser {
  return { id, email, name, emailVerified, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() };
}
