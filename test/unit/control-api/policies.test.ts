import test from 'ava';
import { authorize, may } from '../../../services/control-api/policies.ts';
import type { Action } from '../../../services/control-api/policies.ts';
import { memberRoles } from '../../../services/shared/db/tables.ts';
import type { MemberRole } from '../../../services/shared/db/tables.ts';
import { AppError } from '../../../services/shared/errors.ts';

// One row an action: who may, in the order of memberRoles (owner, admin, developer, billing, viewer).
const table: Record<Action, string> = {
  'workspace.read': 'yes yes yes yes yes',
  'workspace.update': 'yes yes no no no',
  'workspace.delete': 'yes no no no no',
  'application.read': 'yes yes yes no yes',
  'application.write': 'yes yes yes no no',
  'application.destroy': 'yes yes no no no',
  'member.read': 'yes yes yes no yes',
  'member.write': 'yes yes no no no',
  'billing.read': 'yes yes yes yes yes',
  'billing.write': 'yes yes no yes no',
};

for (const [action, row] of Object.entries(table) as [Action, string][]) {
  test(`who may ${action}`, (t) => {
    t.is(memberRoles.map((role: MemberRole) => (may(role, action) ? 'yes' : 'no')).join(' '), row);
  });
}

test('what a role may not do is forbidden', (t) => {
  t.notThrows(() => authorize('owner', 'workspace.delete'));
  const error = t.throws(() => authorize('viewer', 'application.write'), { instanceOf: AppError });
  t.is(error.status, 403);
});
