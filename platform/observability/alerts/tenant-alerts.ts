import { hours, minutes } from './alert-rule.ts';
import type { AlertGroup } from './alert-rule.ts';

export const tenantAlerts: AlertGroup = {
  name: 'tenants',
  alerts: [
    {
      alert: 'InstanceDown',
      severity: 'critical',
      // What should be there is known from the database: a Deployment that lost its pods has no target that could be down.
      expr: 'max by (app_id) (authsome_application_expected) unless on (app_id) (max by (app_id) (up{job="instances"}) == 1)',
      forSeconds: minutes(2),
      summary: 'No instance of {{ $labels.app_id }} answers',
      description: "The users of this application can't sign in.",
    },
    {
      alert: 'InstanceErrors',
      severity: 'warning',
      expr:
        'sum by (app_id) (rate(authsome_instance_request_duration_seconds_count{status=~"5.."}[10m]))' +
        ' / sum by (app_id) (rate(authsome_instance_request_duration_seconds_count[10m])) > 0.05',
      forSeconds: minutes(10),
      summary: 'The instance of {{ $labels.app_id }} answers {{ $value | humanizePercentage }} of its requests with errors',
      description: 'The log of its pods says why; its database is the most likely cause.',
    },
    {
      alert: 'InstanceMailFails',
      severity: 'info',
      expr: 'sum by (app_id) (increase(authsome_instance_mails_total{outcome="failed"}[1h])) > 5',
      forSeconds: 0,
      summary: 'E-mails of {{ $labels.app_id }} are not accepted',
      description: 'The mail server of its configuration refuses them or is away: its owner should know.',
    },
    {
      alert: 'PasswordGuessing',
      severity: 'warning',
      // Of the control API too: it has the label `service` and no `app_id`. People who mistype are some wrong ones in an hour.
      expr: 'sum by (service, app_id) (increase(authsome_guesses_total{end=~"wrong|refused"}[15m])) > 300',
      forSeconds: minutes(5),
      summary: 'Somebody guesses passwords or codes at {{ with $labels.app_id }}{{ . }}{{ else }}the control API{{ end }}',
      description: '{{ $value | humanize }} guesses of the last 15 minutes were wrong, or refused during a pause.',
    },
    {
      alert: 'OrphansFound',
      severity: 'info',
      expr: 'sum by (kind) (authsome_sweep_orphans) > 0',
      forSeconds: hours(2),
      summary: 'Things of kind {{ $labels.kind }} belong to no application',
      description: 'The newest sweep found {{ $value }}. `authsome repair sweep` shows them, and removes them on command.',
    },
    {
      alert: 'ThingsMissing',
      severity: 'warning',
      // A route that nobody asked for since Redis lost it is rebuilt when somebody does.
      expr: 'sum by (kind) (authsome_sweep_missing{kind!="route"}) > 0',
      forSeconds: minutes(10),
      summary: 'Applications lack things of kind {{ $labels.kind }}',
      description: 'The newest sweep found {{ $value }}. `authsome repair sweep` shows whose; `authsome repair retry` makes them anew.',
    },
    {
      alert: 'SweepTooOld',
      severity: 'warning',
      expr: 'time() - max(authsome_sweep_last_success_timestamp_seconds > 0) > 10800',
      forSeconds: minutes(15),
      summary: 'No sweep has ended for {{ $value | humanizeDuration }}',
      description: 'One an hour is to compare what exists with what should. The leading provisioner logs why it does not.',
    },
    {
      alert: 'RolesTooMighty',
      severity: 'critical',
      expr: 'max(authsome_mighty_roles) > 0',
      forSeconds: 0,
      summary: 'Roles of the shared PostgreSQL have rights that they must not have',
      description: '{{ $value }} of them; the log of the leading provisioner names each and what it has.',
    },
    {
      alert: 'DriftFound',
      severity: 'info',
      expr: 'max(authsome_applications_drifted) > 0',
      forSeconds: minutes(30),
      summary: '{{ $value }} applications are not as their stack says',
      description:
        'Somebody changed them by hand. `authsome repair drift` shows what; `authsome repair drift --fix APP` applies what is wanted.',
    },
  ],
};
