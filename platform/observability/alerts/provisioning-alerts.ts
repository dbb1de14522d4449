import { minutes } from './alert-rule.ts';
import type { AlertGroup } from './alert-rule.ts';

const ready = 'authsome_time_to_ready_seconds';

export const provisioningAlerts: AlertGroup = {
  name: 'provisioning',
  alerts: [
    {
      alert: 'TimeToReadyTooLong',
      severity: 'warning',
      // Aimed at: 95 % of new applications are ready within a minute. Of fewer than five an hour one slow one says nothing.
      expr:
        `1 - sum(increase(${ready}_bucket{le="60"}[1h])) / sum(increase(${ready}_count[1h])) > 0.05` +
        ` and sum(increase(${ready}_count[1h])) >= 5`,
      forSeconds: minutes(5),
      summary: 'New applications take too long to become ready',
      description: 'Of those of the last hour, {{ $value | humanizePercentage }} took longer than 60 s; aimed at is at most 5 %.',
    },
    {
      alert: 'JobsWaitTooLong',
      severity: 'critical',
      // Each provisioner reads the same rows: the oldest that any of them sees.
      expr: 'max(authsome_oldest_job_seconds) > 900',
      forSeconds: minutes(2),
      summary: 'The oldest job has been open for {{ $value | humanizeDuration }}',
      description: 'Whoever creates or changes an application waits. No provisioner works, or none gets anywhere.',
    },
    {
      alert: 'JobsPileUp',
      severity: 'warning',
      expr: 'max(authsome_jobs_waiting) > 20',
      forSeconds: minutes(10),
      summary: '{{ $value }} jobs wait for a provisioner',
      description: 'More is asked for than the provisioners get done: more of them, or more at once in each, would help.',
    },
    {
      alert: 'OperationsFail',
      severity: 'warning',
      expr: 'sum by (kind) (increase(authsome_operations_total{outcome="dead"}[15m])) > 0',
      forSeconds: 0,
      summary: 'Operations of kind {{ $labels.kind }} were given up after all attempts',
      description: '`authsome repair list` shows which, why, and what can be done.',
    },
    {
      alert: 'ApplicationsFailed',
      severity: 'info',
      expr: 'sum(authsome_applications{status="failed"}) > 0',
      forSeconds: minutes(30),
      summary: '{{ $value }} applications are in status failed',
      description: 'Their newest change has not come to be. `authsome repair list` shows them.',
    },
    {
      alert: 'OperationOverdue',
      severity: 'warning',
      expr: 'sum by (phase) (authsome_operations_overdue) > 0',
      forSeconds: minutes(2),
      summary: 'An operation has outlasted the limit of its phase {{ $labels.phase }}',
      description: 'Its worker should have stopped it. The log line "An operation has outlasted the limit of its phase" names it.',
    },
    {
      alert: 'ReconcilerFails',
      severity: 'warning',
      expr: 'sum by (pod) (increase(authsome_reconciler_failures_total[10m])) > 5',
      forSeconds: minutes(5),
      summary: 'The reconciler of {{ $labels.pod }} fails again and again',
      description: 'Jobs whose message is lost are not announced again meanwhile. Its log says why.',
    },
  ],
};
