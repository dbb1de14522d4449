import { hours, minutes } from './alert-rule.ts';
import type { AlertGroup } from './alert-rule.ts';

const expires = 'authsome_certificate_expiry_timestamp_seconds';
const backup = 'authsome_backup_last_success_timestamp_seconds';

export const upkeepAlerts: AlertGroup = {
  name: 'upkeep',
  alerts: [
    {
      alert: 'BackupTooOld',
      severity: 'critical',
      // One a day, and two hours for it to be made and written. Until there is one, its age is the platform's.
      expr: `time() - max(${backup}) > ${hours(26)}`,
      forSeconds: minutes(15),
      summary: 'The newest good backup is older than a day',
      description: 'What has changed since would be lost with the database.',
    },
    {
      alert: 'BackupIncomplete',
      severity: 'warning',
      expr: 'max(authsome_backup_failed_databases) > 0',
      forSeconds: minutes(15),
      summary: 'The newest backup lacks {{ $value }} databases',
      description: 'Of these only an older backup is left, and it goes in the end.',
    },
    {
      alert: 'CertificateExpires',
      severity: 'warning',
      expr: `min by (host) (${expires}) - time() < ${hours(24 * 14)}`,
      forSeconds: hours(1),
      summary: 'The certificate of {{ $labels.host }} ends in {{ $value | humanizeDuration }}',
      description: 'It should have been renewed by now.',
    },
    {
      alert: 'CertificateExpiresSoon',
      severity: 'critical',
      expr: `min by (host) (${expires}) - time() < ${hours(24 * 3)}`,
      forSeconds: minutes(5),
      summary: 'The certificate of {{ $labels.host }} ends in {{ $value | humanizeDuration }}',
      description: 'From then on nobody gets through.',
    },
    {
      alert: 'AlertsNotDelivered',
      severity: 'critical',
      expr: 'sum by (integration) (rate(alertmanager_notifications_failed_total[10m])) > 0',
      forSeconds: minutes(10),
      summary: 'Alertmanager does not get its messages to {{ $labels.integration }}',
      description: 'Whoever should be told is not: the other channels have this alert.',
    },
    {
      alert: 'AlertmanagerUnreachable',
      severity: 'warning',
      expr: 'sum(prometheus_notifications_alertmanagers_discovered) == 0 or sum(rate(prometheus_notifications_errors_total[10m])) > 0',
      forSeconds: minutes(10),
      summary: 'Prometheus does not reach Alertmanager',
      description: 'Alerts are seen on the page of Prometheus and nowhere else.',
    },
    {
      alert: 'RulesFail',
      severity: 'warning',
      expr: 'sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0',
      forSeconds: minutes(5),
      summary: 'Rules of {{ $labels.rule_group }} can not be evaluated',
      description: 'Alerts of this group do not fire.',
    },
  ],
};
