import test from 'ava';
import { keepLease } from '../../../services/provisioner/keep-lease.ts';
import type { Lease } from '../../../services/provisioner/lease.ts';
import { createOperationProgress } from '../../../services/provisioner/operation-progress.ts';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { createDatabase } from '../../../services/shared/db/database.ts';
import { createLog } from '../../../services/shared/log.ts';
import { freePort } from '../../support/free-port.ts';

const now = new Date();
const lease: Lease = {
  operationId: 'op_1',
  fencingToken: 1,
  jobId: 'job_1',
  appId: 'app_abc123',
  kind: 'provision',
  generation: 1,
  desired: 'present',
  takeover: false,
  lostWorkers: 0,
  attempt: 1,
  lastAttempt: false,
  source: {
    ...{ id: 'app_abc123', plan: 'free', environment: 'production', region: 'us-east-1', databaseTier: 'shared' as const },
    ...{ config: appConfigSchema.parse({}), sealedConfigSecrets: {} },
  },
  traceParent: null,
  requestedAt: now,
  queuedAt: now,
  startedAt: now,
};

test('a worker that can write no heartbeat gives the lease up before another may take it', async (t) => {
  const db = createDatabase({ url: `postgres://u:p@127.0.0.1:${await freePort()}/x`, poolSize: 1, applicationName: 'test' });
  t.teardown(() => db.destroy());
  const ttlMs = 600;
  const startedAt = performance.now();
  let losses = 0;
  let keeper: ReturnType<typeof keepLease> | undefined;
  await new Promise<void>((resolve) => {
    keeper = keepLease({
      db,
      lease,
      progress: createOperationProgress({ queuedAt: now, startedAt: now }),
      heartbeatMs: 100,
      ttlMs,
      onHeld: () => t.fail('nothing was written'),
      onCancel: () => t.fail(),
      onLost: () => {
        losses += 1;
        resolve();
      },
      log: createLog({ name: 'test', level: 'silent' }),
    });
  });
  t.true(performance.now() - startedAt < ttlMs);
  // Two more checks: it must not be told again.
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is(losses, 1);
  keeper?.stop();
});
