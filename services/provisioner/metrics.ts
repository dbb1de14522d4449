import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { createRegistry } from '../shared/metrics/service-registry.ts';

export interface QueueReading {
  /** Messages that a worker has taken and not settled. */
  ackPending: number;
  /** Messages that were delivered more than once. */
  redelivered: number;
  /** Messages that nobody has taken. */
  waiting: number;
}

/** The provisioner's metrics; each process has a registry of its own, so that tests can run several. */
export function createMetrics() {
  const registry = createRegistry();
  const registers = [registry];
  return {
    registry,
    operations: new Counter({
      name: 'authsome_operations_total',
      help: 'Stack operations that ended here, by outcome: succeeded, retried, dead, cancelled, superseded, handed_back, lease_lost.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    takeovers: new Counter({
      name: 'authsome_operation_takeovers_total',
      help: 'Operations that went on after another one that did not end by itself.',
      registers,
    }),
    running: new Gauge({ name: 'authsome_operations_running', help: 'Stack operations that run in this process.', registers }),
    durationSeconds: new Histogram({
      name: 'authsome_operation_duration_seconds',
      help: 'From taking the lease to the commit of the outcome.',
      labelNames: ['kind', 'outcome'] as const,
      buckets: [1, 2, 4, 6, 8, 12, 20, 40, 80, 160, 320, 640],
      registers,
    }),
    timeToReadySeconds: new Histogram({
      name: 'authsome_time_to_ready_seconds',
      help: "From an application's creation until it is active for the first time.",
      buckets: [2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 120, 300, 600],
      registers,
    }),
    queueAckPending: new Gauge({
      name: 'authsome_job_queue_ack_pending',
      help: 'Job messages that a worker has taken and not settled.',
      registers,
    }),
    queueRedelivered: new Gauge({
      name: 'authsome_job_queue_redelivered',
      help: 'Job messages that were delivered more than once.',
      registers,
    }),
    queueWaiting: new Gauge({ name: 'authsome_job_queue_waiting', help: 'Job messages that nobody has taken.', registers }),
    jobsWaiting: new Gauge({
      name: 'authsome_jobs_waiting',
      help: 'Jobs that are due and that no worker has: what more workers would shorten.',
      registers,
    }),
    jobsOpen: new Gauge({ name: 'authsome_jobs_open', help: 'Jobs that are queued or running, from the database.', registers }),
    oldestJobSeconds: new Gauge({ name: 'authsome_oldest_job_seconds', help: 'Age of the oldest open job; 0 without one.', registers }),
    republished: new Counter({ name: 'authsome_jobs_republished_total', help: 'Jobs that this reconciler announced again.', registers }),
    ...maintenanceMetrics(registers),
    reconcilerFailures: new Counter({
      name: 'authsome_reconciler_failures_total',
      help: 'Rounds of the reconciler that failed.',
      registers,
    }),
  };
}

/** What the leader finds out; all others have no value, so that a sum over all provisioners is the leader's. */
function maintenanceMetrics(registers: Registry[]) {
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  return {
    overdueOperations: gauge('authsome_operations_overdue', 'Running operations of which a phase has outlasted its limit.', ['phase']),
    overdueJobs: gauge('authsome_jobs_queued_overdue', 'Jobs that could have been taken for longer than their limit.'),
    sweepOrphans: gauge('authsome_sweep_orphans', 'Things that belong to no application, found by the newest sweep.', ['kind']),
    sweepMissing: gauge('authsome_sweep_missing', 'Things that applications lack, found by the newest sweep.', ['kind']),
    sweepSuccess: gauge('authsome_sweep_last_success_timestamp_seconds', 'When a sweep last came to its end, since the epoch.'),
    drifted: gauge('authsome_applications_drifted', 'Applications whose stack is not as their newest look for drift expected it.'),
    mightyRoles: gauge('authsome_mighty_roles', 'Roles of the shared server that have rights which they must not have.'),
    applications: gauge('authsome_applications', 'Applications by status.', ['status']),
    expected: gauge('authsome_application_expected', 'One for each application whose instance should answer.', ['app_id']),
    prunedHistory: new Counter({
      name: 'authsome_state_history_pruned_total',
      help: "Entries of stacks' histories that were deleted from the state database.",
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
