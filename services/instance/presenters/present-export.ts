import type { UserExport } from '../auth/export-user.ts';
import { presentFullUser } from './present-user.ts';

/** All about one user as JSON; times in RFC 3339, as JSON.stringify writes dates. */
export function presentExport({ user, ...rest }: UserExport) {
  return { exportedAt: new Date().toISOString(), user: presentFullUser(user), ...rest };
}
