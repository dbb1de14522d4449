import { quantiles } from './build-dashboard.ts';
import type { DashboardOptions } from './build-dashboard.ts';

export const provisioningDashboard: DashboardOptions = {
  uid: 'authsome-provisioning',
  title: 'AuthSome provisioning',
  panels: [
    { title: 'Time to ready', unit: 's', queries: quantiles('authsome_time_to_ready_seconds_bucket') },
    {
      title: 'Operations that ended',
      unit: 'short',
      queries: [{ expr: 'sum by (kind, outcome) (increase(authsome_operations_total[$__rate_interval]))', legend: '{{kind}} {{outcome}}' }],
    },
    {
      title: 'Time of an operation, 95 %',
      unit: 's',
      queries: [
        {
          expr: 'histogram_quantile(0.95, sum by (le, kind) (rate(authsome_operation_duration_seconds_bucket[$__rate_interval])))',
          legend: '{{kind}}',
        },
      ],
    },
    { title: 'Operations that run', unit: 'short', queries: [{ expr: 'sum by (pod) (authsome_operations_running)', legend: '{{pod}}' }] },
    {
      title: 'Jobs',
      unit: 'short',
      queries: [
        { expr: 'max(authsome_jobs_open)', legend: 'open' },
        { expr: 'max(authsome_jobs_waiting)', legend: 'waiting' },
        { expr: 'max(authsome_job_queue_redelivered)', legend: 'delivered again' },
      ],
    },
    { title: 'Age of the oldest job', unit: 's', queries: [{ expr: 'max(authsome_oldest_job_seconds)', legend: 'age' }] },
    {
      title: 'Operations taken over, jobs announced again',
      unit: 'short',
      queries: [
        { expr: 'sum(increase(authsome_operation_takeovers_total[$__rate_interval]))', legend: 'taken over' },
        { expr: 'sum(increase(authsome_jobs_republished_total[$__rate_interval]))', legend: 'announced again' },
      ],
    },
    {
      title: 'What maintenance finds',
      unit: 'short',
      queries: [
        { expr: 'sum(authsome_sweep_orphans)', legend: 'orphans' },
        { expr: 'sum(authsome_sweep_missing)', legend: 'missing' },
        { expr: 'max(authsome_applications_drifted)', legend: 'drifted' },
        { expr: 'sum(authsome_jobs_queued_overdue)', legend: 'overdue jobs' },
      ],
    },
  ],
};
