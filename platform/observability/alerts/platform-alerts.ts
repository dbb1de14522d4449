import { minutes } from './alert-rule.ts';
import type { AlertGroup } from './alert-rule.ts';

const services = ['control-api', 'proxy', 'provisioner'];

export const platformAlerts: AlertGroup = {
  name: 'platform',
  alerts: [
    {
      alert: 'ServiceDown',
      severity: 'critical',
      // Of a Deployment without pods there is no target that could be down, so its absence is asked for too.
      expr: services
        .map((service) => `up{job="services",service="${service}"}`)
        .map((pods) => `sum by (service) (${pods}) == 0 or max by (service) (absent(${pods}))`)
        .join(' or '),
      forSeconds: minutes(1),
      summary: 'No pod of {{ $labels.service }} answers',
      description: 'Not one of its pods is there and lets its metrics be read.',
    },
    {
      alert: 'ServicePodDown',
      severity: 'warning',
      expr: 'up{job="services"} == 0',
      forSeconds: minutes(5),
      summary: '{{ $labels.pod }} of {{ $labels.service }} does not answer',
      description: 'The pod is there, but its metrics can not be read.',
    },
    {
      alert: 'PodsRestart',
      severity: 'warning',
      expr: 'max by (service) (changes(process_start_time_seconds{job="services"}[30m])) > 3',
      forSeconds: 0,
      summary: 'A pod of {{ $labels.service }} restarts again and again',
      description: 'It was started {{ $value }} times in half an hour: it crashes, or its probe or its memory limit ends it.',
    },
    {
      alert: 'DependencyDown',
      severity: 'critical',
      expr: 'min by (service, dependency) (authsome_dependency_up{job="services"}) == 0',
      forSeconds: minutes(2),
      summary: '{{ $labels.service }} does not reach its {{ $labels.dependency }}',
      description: 'At least one pod of {{ $labels.service }} got no answer from {{ $labels.dependency }} at each look.',
    },
    {
      alert: 'NobodyLeads',
      severity: 'warning',
      expr: 'sum by (leads) (authsome_leader) == 0',
      forSeconds: minutes(5),
      summary: 'No {{ $labels.leads }} leads',
      description: 'What one process does for all (grace periods, sweeps, drift, watchdog) is not done.',
    },
  ],
};
