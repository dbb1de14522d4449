import type { AlertChannels } from './observability-settings.ts';

/** PagerDuty's own address. */
const httpsPort = 443;

/** Ports to which Alertmanager connects for the channels that are set up. None without a channel. */
export function alertPorts({ pagerduty, slack, email }: AlertChannels): number[] {
  const ports = [
    ...(pagerduty === undefined ? [] : [portOf(pagerduty.url)]),
    ...(slack === undefined ? [] : [portOf(slack.webhookUrl)]),
    ...(email === undefined ? [] : [Number(email.smarthost.split(':')[1])]),
  ];
  return [...new Set(ports)].sort((one, other) => one - other);
}

function portOf(url: string | undefined): number {
  if (url === undefined) return httpsPort;
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'http:' ? 80 : httpsPort) : Number(port);
}
