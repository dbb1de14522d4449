import { z } from 'zod';

export const roleSchema = z.enum(['owner', 'admin', 'member']);
export type Role = z.output<typeof roleSchema>;

const ranks: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

/** Whether the role is at least the other: an owner may what an admin may, and an admin what a member may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ranks[role] >= ranks[least];
}
