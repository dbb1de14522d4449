import { quantiles } from './build-dashboard.ts';
import type { DashboardOptions } from './build-dashboard.ts';

const requests = 'authsome_instance_request_duration_seconds';
const of = (metric: string, more = ''): string => `${metric}{app_id="$app_id"${more}}`;

/** One for each tenant: the variable chooses whose. */
export const applicationDashboard: DashboardOptions = {
  uid: 'authsome-application',
  title: 'AuthSome application',
  variable: { name: 'app_id', label: 'Application', query: 'label_values(up{job="instances"}, app_id)' },
  panels: [
    {
      title: 'Requests',
      unit: 'reqps',
      queries: [{ expr: `sum by (route) (rate(${of(`${requests}_count`)}[$__rate_interval]))`, legend: '{{route}}' }],
    },
    {
      title: 'Errors',
      unit: 'reqps',
      queries: [{ expr: `sum by (status) (rate(${of(`${requests}_count`, ',status=~"5.."')}[$__rate_interval]))`, legend: '{{status}}' }],
    },
    { title: 'Time to answer', unit: 's', queries: quantiles(of(`${requests}_bucket`)) },
    {
      title: 'Sign-ups and sign-ins',
      unit: 'short',
      queries: [{ expr: `sum by (event) (increase(${of('authsome_instance_auth_events_total')}[$__rate_interval]))`, legend: '{{event}}' }],
    },
    {
      title: 'E-mails',
      unit: 'short',
      queries: [{ expr: `sum by (outcome) (increase(${of('authsome_instance_mails_total')}[$__rate_interval]))`, legend: '{{outcome}}' }],
    },
    { title: 'Pods that answer', unit: 'short', queries: [{ expr: `sum(${of('up')})`, legend: 'pods' }] },
    {
      title: 'Processor',
      unit: 'short',
      queries: [{ expr: `sum by (pod) (rate(${of('process_cpu_seconds_total')}[$__rate_interval]))`, legend: '{{pod}}' }],
    },
    { title: 'Memory', unit: 'bytes', queries: [{ expr: `sum by (pod) (${of('process_resident_memory_bytes')})`, legend: '{{pod}}' }] },
  ],
};
