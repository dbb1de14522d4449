import type { DashboardOptions } from './build-dashboard.ts';

const services = '{job="services"}';

export const platformDashboard: DashboardOptions = {
  uid: 'authsome-platform',
  title: 'AuthSome platform',
  panels: [
    { title: 'Pods that answer', unit: 'short', queries: [{ expr: `sum by (service) (up${services})`, legend: '{{service}}' }] },
    { title: 'Applications', unit: 'short', queries: [{ expr: 'sum by (status) (authsome_applications)', legend: '{{status}}' }] },
    {
      title: 'Dependencies that answer',
      unit: 'short',
      queries: [{ expr: 'min by (service, dependency) (authsome_dependency_up)', legend: '{{service}} → {{dependency}}' }],
    },
    {
      title: 'Alerts that fire',
      unit: 'short',
      queries: [{ expr: 'sum by (alertname, severity) (ALERTS{alertstate="firing"})', legend: '{{alertname}}' }],
    },
    {
      title: 'Processor',
      unit: 'short',
      queries: [{ expr: `sum by (service) (rate(process_cpu_seconds_total${services}[$__rate_interval]))`, legend: '{{service}}' }],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: [{ expr: `sum by (service) (process_resident_memory_bytes${services})`, legend: '{{service}}' }],
    },
    {
      title: 'Event loop, 99 %',
      unit: 's',
      queries: [{ expr: `max by (service) (nodejs_eventloop_lag_p99_seconds${services})`, legend: '{{service}}' }],
    },
    {
      title: 'Time since the newest sweep and backup',
      unit: 's',
      queries: [
        { expr: 'time() - max(authsome_sweep_last_success_timestamp_seconds > 0)', legend: 'sweep' },
        { expr: 'time() - max(authsome_backup_last_success_timestamp_seconds > 0)', legend: 'backup' },
      ],
    },
  ],
};
