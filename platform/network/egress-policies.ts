import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { PlatformInputs } from '../load-settings.ts';
import { natsPorts } from '../nats-configuration.ts';
import { alertPorts } from '../observability/alert-ports.ts';
import { grafanaPort } from '../observability/grafana-configuration.ts';
import { jaegerPorts } from '../observability/jaeger-configuration.ts';
import { logCollectorPort } from '../observability/log-collector-configuration.ts';
import { lokiPort } from '../observability/loki-configuration.ts';
import { tracingTarget } from '../observability/tracing.ts';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import { tenantPorts } from '../tenant-facts.ts';
import { metricsPort } from '../workload.ts';
import { names, tcp, toApiServer, toPart, toServers, toTenants } from './egress-rules.ts';
import type { EgressRule } from './egress-rules.ts';

export interface EgressPoliciesArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  servers: Record<'control' | 'tenants', PostgresServer>;
}

const [redisPort, kubeletPort] = [6_379, 10_250];

/** With whom each part of the platform may begin to talk: a part that was taken over reaches no more than it needs. */
export class EgressPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: EgressPoliciesArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:EgressPolicies', name, {}, options);
    const { namespace } = args;
    for (const [part, egress] of Object.entries(egressOf(args)))
      new kubernetes.networking.v1.NetworkPolicy(
        `${part}-egress`,
        {
          metadata: { name: `${part}-egress`, namespace },
          spec: { podSelector: { matchLabels: { 'app.kubernetes.io/instance': part } }, policyTypes: ['Egress'], egress },
        },
        { parent: this },
      );
    this.registerOutputs();
  }
}

/** Backups have policies of their own (backups/backup-egress.ts). A part that is named in neither connects to nothing. */
function egressOf(args: EgressPoliciesArgs): Record<string, pulumi.Input<EgressRule[]>> {
  const { settings, alertChannels } = args;
  const dns = names(settings);
  const control = toServers({ postgres: args.servers.control });
  const tenants = toServers({ 'tenants-postgres': args.servers.tenants });
  const traces = tracingTarget(args) === undefined ? [] : [toPart('jaeger', jaegerPorts.otlp)];
  const [redis, nats] = [toPart('redis', redisPort), toPart('nats', natsPorts.clients)];
  return {
    'control-api': [...dns, ...control, redis, nats, ...traces],
    proxy: [...dns, ...control, redis, toTenants('instance', tenantPorts.http), ...traces],
    provisioner: [
      ...[...dns, ...control, ...tenants, redis, nats, ...traces],
      ...[...toApiServer(settings), toTenants('postgres', tenantPorts.postgres)],
    ],
    'database-setup': [...dns, ...control, ...tenants],
    nats: settings.data.nats.replicas > 1 ? [...dns, toPart('nats', natsPorts.routes)] : [],
    ...(settings.metricsServer !== undefined && { 'metrics-server': [...dns, ...toApiServer(settings), { ports: tcp(kubeletPort) }] }),
    ...(settings.observability !== undefined && {
      prometheus: [...dns, ...toApiServer(settings), ...scraped],
      // Wherever the channels are: a webhook may be on the public internet, or be a relay of the operator's.
      alertmanager: pulumi.unsecret(
        alertChannels.apply((channels) => {
          const ports = alertPorts(channels);
          return ports.length === 0 ? dns : [...dns, { ports: tcp(...ports) }];
        }),
      ),
      grafana: [
        ...dns,
        ...[toPart('prometheus', 9_090), toPart('alertmanager', 9_093), toPart('jaeger', jaegerPorts.query), toPart('loki', lokiPort)],
      ],
      'log-collector': [...dns, ...toApiServer(settings), toPart('loki', lokiPort)],
    }),
  };
}

const ownMetrics = [metricsPort, 9_090, 9_093, grafanaPort, lokiPort, logCollectorPort, jaegerPorts.metrics];
const scraped: EgressRule[] = [{ to: [{ podSelector: {} }], ports: tcp(...ownMetrics) }, toTenants('instance', tenantPorts.metrics)];

/** Begins to hold when all of the others do: pods that run must not be cut off in the middle of an update. */
export function denyOtherEgress(namespace: pulumi.Input<string>, options: pulumi.CustomResourceOptions): void {
  new kubernetes.networking.v1.NetworkPolicy(
    'platform-default-deny-egress',
    { metadata: { name: 'default-deny-egress', namespace }, spec: { podSelector: {}, policyTypes: ['Egress'] } },
    options,
  );
}
