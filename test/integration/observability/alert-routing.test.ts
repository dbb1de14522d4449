import test from 'ava';
import { alertmanagerConfiguration } from '../../../platform/observability/alertmanager-configuration.ts';
import type { AlertChannels } from '../../../platform/observability/observability-settings.ts';
import { alertGroups } from '../../../platform/observability/alerts/alert-rules.ts';
import { runTool } from './run-tool.ts';

const channels: AlertChannels = {
  pagerduty: { routingKey: '0123456789abcdef0123456789abcdef' },
  slack: { webhookUrl: 'https://hooks.slack.com/services/T0/B0/x', channel: '#alerts' },
  email: {
    to: 'ops@example.com',
    from: 'alerts@example.com',
    smarthost: 'mail.example.com:587',
    username: 'u',
    password: 'p',
    requireTls: true,
  },
};
const receivers = { critical: 'pagerduty', warning: 'slack', info: 'email' } as const;
const file = 'alertmanager.yaml';

for (const [title, given] of [
  ['every channel', channels],
  ['no channel', {}],
] as const)
  test(`Alertmanager accepts the configuration with ${title}`, async (t) => {
    for (const impatient of [true, false]) {
      const { exitCode, output } = await runTool('amtool', ['check-config', file], {
        [file]: alertmanagerConfiguration({ channels: given, impatient }),
      });
      t.is(exitCode, 0, output);
    }
  });

test('critical goes to PagerDuty, warning to Slack, info to e-mail: every alert has the route of its severity', async (t) => {
  const configuration = alertmanagerConfiguration({ channels, impatient: false });
  for (const severity of ['critical', 'warning', 'info'] as const) {
    const names = alertGroups.flatMap(({ alerts }) => alerts.filter((rule) => rule.severity === severity).map(({ alert }) => alert));
    t.true(names.length > 2, severity);
    for (const alertname of names) {
      const args = ['config', 'routes', 'test', `--config.file=${file}`, `--verify.receivers=${receivers[severity]}`];
      const { exitCode, output } = await runTool('amtool', [...args, `severity=${severity}`, `alertname=${alertname}`], {
        [file]: configuration,
      });
      t.is(exitCode, 0, `${alertname}: ${output}`);
    }
  }
});

test('an alert without a severity is not lost', async (t) => {
  const { output } = await runTool('amtool', ['config', 'routes', 'test', `--config.file=${file}`, 'alertname=Unknown'], {
    [file]: alertmanagerConfiguration({ channels, impatient: false }),
  });
  t.regex(output, /email/);
});
