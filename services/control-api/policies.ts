import type { MemberRole } from '../shared/db/tables.ts';
import { appErrors } from '../shared/errors.ts';

export type Action =
  | 'workspace.read'
  | 'workspace.update'
  | 'workspace.delete'
  | 'application.read'
  | 'application.write'
  | 'application.destroy'
  | 'member.read'
  | 'member.write'
  | 'billing.read'
  | 'billing.write';

const reads: readonly Action[] = ['workspace.read', 'application.read', 'member.read', 'billing.read'];
const administers: readonly Action[] = [
  ...reads,
  'workspace.update',
  'application.write',
  'application.destroy',
  'member.write',
  'billing.write',
];

const allowed: Readonly<Record<MemberRole, ReadonlySet<Action>>> = {
  owner: new Set([...administers, 'workspace.delete']),
  admin: new Set(administers),
  developer: new Set([...reads, 'application.write']),
  billing: new Set<Action>(['workspace.read', 'billing.read', 'billing.write']),
  viewer: new Set(reads),
};

/** Whether a member with this role may do this in their workspace. */
export function may(role: MemberRole, action: Action): boolean {
  return allowed[role].has(action);
}

/** @throws AppError forbidden. Who is no member at all must have got not_found before: ids of others are not confirmed. */
export function authorize(role: MemberRole, action: Action): void {
  if (!may(role, action)) throw appErrors.forbidden();
}
