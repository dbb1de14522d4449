import { z } from 'zod';
import { dataServiceSettings, podResources } from '../resource-settings.ts';

/** How the platform watches itself; a part is deployed where its image is known. */
export const observabilitySettingsSchema = z.strictObject({
  prometheus: dataServiceSettings.extend({ retentionDays: z.int().min(1) }),
  alertmanager: dataServiceSettings,
  jaeger: dataServiceSettings.extend({ retentionDays: z.int().min(1) }),
  loki: dataServiceSettings.extend({ retentionDays: z.int().min(1) }),
  grafana: podResources,
  logCollector: podResources,
  /** Part of the requests whose trace is recorded. */
  sampling: z.number().min(0).max(1),
  /** Where docs/runbook.md is published: alerts link to their section of it. */
  runbookUrl: z.url(),
  /** Alerts fire after seconds instead of minutes: for a platform that somebody sits in front of. */
  impatient: z.boolean(),
  /** Ports of the local node; elsewhere `kubectl port-forward` shows them. */
  nodePorts: z.strictObject({ prometheus: z.int(), alertmanager: z.int(), jaeger: z.int(), grafana: z.int() }).optional(),
});

export type ObservabilitySettings = z.output<typeof observabilitySettingsSchema>;

/** Where alerts go. A channel that is not given gets none: its alerts are seen at Alertmanager only. */
export const alertChannelsSchema = z.strictObject({
  /** For critical alerts. `url` where it is not PagerDuty's own. */
  pagerduty: z.strictObject({ routingKey: z.string().min(1), url: z.url().optional() }).optional(),
  /** For warnings: an incoming webhook. */
  slack: z.strictObject({ webhookUrl: z.url(), channel: z.string().optional() }).optional(),
  /** For what may wait until somebody reads it. */
  email: z
    .strictObject({
      to: z.string().min(3),
      from: z.string().min(3),
      /** HOST:PORT; 587 with STARTTLS, or 465. */
      smarthost: z.string().regex(/^[^\s:]+:\d+$/, 'must be HOST:PORT'),
      username: z.string().optional(),
      password: z.string().optional(),
      requireTls: z.boolean().default(true),
    })
    .optional(),
});

export type AlertChannels = z.output<typeof alertChannelsSchema>;
