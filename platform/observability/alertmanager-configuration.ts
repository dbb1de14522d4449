import { stringify } from 'yaml';
import type { AlertChannels } from './observability-settings.ts';

export interface AlertmanagerConfigurationOptions {
  channels: AlertChannels;
  /** Nobody waits for what belongs together to come together. */
  impatient: boolean;
}

/**
 * Critical alerts go to PagerDuty, warnings to Slack, the rest by e-mail. All three receivers exist in any case, so that an alert's route can be
 * seen at Alertmanager also where a channel is not set up. Alerts of one kind about one part are one message.
 */
export function alertmanagerConfiguration({ channels, impatient }: AlertmanagerConfigurationOptions): string {
  return stringify(
    {
      global: { resolve_timeout: '5m' },
      route: {
        receiver: 'email',
        group_by: ['alertname', 'service', 'app_id'],
        group_wait: impatient ? '1s' : '30s',
        group_interval: impatient ? '10s' : '5m',
        repeat_interval: '12h',
        routes: [
          { matchers: ['severity="critical"'], receiver: 'pagerduty', repeat_interval: '1h' },
          { matchers: ['severity="warning"'], receiver: 'slack' },
        ],
      },
      inhibit_rules: [
        // Of two burn rates the fast one says it all, and of a service without any pod nobody needs to hear of each.
        inhibit('ProxyErrorBudgetBurnsFast', 'ProxyErrorBudgetBurnsSlow'),
        inhibit('ProxyLatencyBudgetBurnsFast', 'ProxyLatencyBudgetBurnsSlow'),
        inhibit('ServiceDown', 'ServicePodDown', ['service']),
        inhibit('InstanceDown', 'InstanceErrors', ['app_id']),
        inhibit('CertificateExpiresSoon', 'CertificateExpires', ['host']),
      ],
      receivers: [
        { name: 'pagerduty', pagerduty_configs: pagerduty(channels) },
        { name: 'slack', slack_configs: slack(channels) },
        { name: 'email', email_configs: email(channels) },
      ],
    },
    { lineWidth: 0 },
  );
}

function inhibit(source: string, target: string, equal: readonly string[] = []): object {
  return { source_matchers: [`alertname="${source}"`], target_matchers: [`alertname="${target}"`], equal };
}

const title = '{{ .CommonAnnotations.summary }}';
const runbook = '{{ .CommonAnnotations.runbook_url }}';

function pagerduty({ pagerduty: given }: AlertChannels): object[] {
  if (given === undefined) return [];
  const { routingKey, url } = given;
  return [
    {
      routing_key: routingKey,
      ...(url === undefined ? {} : { url }),
      send_resolved: true,
      severity: 'critical',
      description: title,
      links: [{ href: runbook, text: 'Runbook' }],
    },
  ];
}

function slack({ slack: given }: AlertChannels): object[] {
  if (given === undefined) return [];
  const { webhookUrl, channel } = given;
  return [
    {
      api_url: webhookUrl,
      ...(channel === undefined ? {} : { channel }),
      send_resolved: true,
      title,
      title_link: runbook,
      text: '{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}',
    },
  ];
}

function email({ email: given }: AlertChannels): object[] {
  if (given === undefined) return [];
  const { to, from, smarthost, username, password, requireTls } = given;
  return [
    {
      to,
      from,
      smarthost,
      require_tls: requireTls,
      ...(username === undefined ? {} : { auth_username: username }),
      ...(password === undefined ? {} : { auth_password: password }),
      headers: { Subject: title },
    },
  ];
}
