import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { alertmanagerConfiguration } from '../../../../platform/observability/alertmanager-configuration.ts';
import { allDashboards } from '../../../../platform/observability/dashboards/all-dashboards.ts';
import { grafanaFiles } from '../../../../platform/observability/grafana-configuration.ts';
import { alertChannelsSchema } from '../../../../platform/observability/observability-settings.ts';

const receiversSchema = z.object({ receivers: z.array(z.record(z.string(), z.unknown())) });

test('all receivers exist without a channel, and send nothing', (t) => {
  const { receivers } = receiversSchema.parse(parse(alertmanagerConfiguration({ channels: {}, impatient: false })));
  t.deepEqual(receivers, [
    { name: 'pagerduty', pagerduty_configs: [] },
    { name: 'slack', slack_configs: [] },
    { name: 'email', email_configs: [] },
  ]);
});

test('a bad channel is refused by its path, and its secret is not in the words', (t) => {
  const { error } = alertChannelsSchema.safeParse({
    slack: { webhookUrl: 'hunter2' },
    email: { to: 'a@b.c', from: 'a@b.c', smarthost: 'mail' },
  });
  t.deepEqual(
    error?.issues.map(({ path }) => path.join('.')),
    ['slack.webhookUrl', 'email.smarthost'],
  );
  t.notRegex(error?.message ?? '', /hunter2/);
});

test("Grafana's files hold every dashboard as its own JSON, and Loki only where there is one", (t) => {
  const files = grafanaFiles({ loki: false });
  for (const { uid, title, panels } of allDashboards) {
    const dashboard = JSON.parse(files[`dashboards/${uid}.json`] ?? '') as { uid: string; title: string; panels: { targets: unknown[] }[] };
    t.like(dashboard, { uid, title });
    t.is(dashboard.panels.flatMap(({ targets }) => targets).length, panels.flatMap(({ queries }) => queries).length);
  }
  t.notRegex(files['provisioning/datasources/authsome.yaml'] ?? '', /Loki/);
  t.regex(grafanaFiles({ loki: true })['provisioning/datasources/authsome.yaml'] ?? '', /Loki/);
});
