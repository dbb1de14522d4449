import test from 'ava';
import { checkStatus } from '../../../proxy/passes/check-status.ts';
import { AppError } from '../../../services/shared/errors.ts';
import type { ErrorCode, ErrorDetail } from '../../../services/shared/errors.ts';
import type { AppStatus } from '../../../services/shared/routes/route.ts';
import { makeRoute } from './make-route.ts';

for (const status of ['active', 'updating', 'restarting', 'failed'] as const) {
  test(`${status}: the instance that is there is served`, (t) => {
    t.deepEqual(checkStatus({ route: makeRoute({ status }), instanceToken: 'token' }), { url: 'http://instance', instanceToken: 'token' });
  });
}

const refused = test.macro((t, status: AppStatus, internalUrl: string | null, code: ErrorCode, reason?: string) => {
  const err = t.throws(() => checkStatus({ route: makeRoute({ status, internalUrl }), instanceToken: 'token' }), { instanceOf: AppError });
  t.is(err?.code, code);
  t.is((err?.details as ErrorDetail | undefined)?.reason, reason);
});
test('suspended', refused, 'suspended', 'http://instance', 'service_unavailable', 'suspended');
test('provisioning', refused, 'provisioning', null, 'service_unavailable', 'provisioning');
test('active without an instance', refused, 'active', null, 'service_unavailable', 'provisioning');
test('failed before there was an instance', refused, 'failed', null, 'service_unavailable', 'maintenance');
test('deleting', refused, 'deleting', 'http://instance', 'not_found');
test('deleted', refused, 'deleted', null, 'not_found');

test('an instance whose token can’t be opened is not called without one', (t) => {
  t.throws(() => checkStatus({ route: makeRoute({}), instanceToken: null }), { instanceOf: AppError });
});
