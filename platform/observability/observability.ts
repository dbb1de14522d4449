import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { DataService } from '../data-service.ts';
import { metricsPortName, uids } from '../hardening.ts';
import { allowIngress } from '../ingress-policy.ts';
import type { PlatformInputs } from '../load-settings.ts';
import { alertRules } from './alerts/alert-rules.ts';
import { alertmanagerConfiguration } from './alertmanager-configuration.ts';
import { grafanaEnvironment, grafanaFiles, grafanaPort } from './grafana-configuration.ts';
import { jaegerConfiguration, jaegerPorts } from './jaeger-configuration.ts';
import { logCollectorConfiguration, logCollectorPort } from './log-collector-configuration.ts';
import { lokiConfiguration, lokiPort } from './loki-configuration.ts';
import type { ObservabilitySettings } from './observability-settings.ts';
import { prometheusConfiguration } from './prometheus-configuration.ts';
import { ReaderAccess } from './reader-access.ts';
import { StatelessServer } from './stateless-server.ts';

export interface ObservabilityArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
}

/** What all of the parts are made with. */
interface Parts {
  args: ObservabilityArgs;
  settings: ObservabilitySettings;
  child: { parent: pulumi.Resource };
}

const senders = ['control-api', 'proxy', 'provisioner'] as const;

/** Metrics, alerts, logs and traces of the platform and of all tenants. Each part is there where its image is known. */
export class Observability extends pulumi.ComponentResource {
  /** Of Grafana's user `admin`. */
  readonly grafanaPassword: pulumi.Output<string> | undefined;

  constructor(name: string, args: ObservabilityArgs & { observability: ObservabilitySettings }, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Observability', name, {}, options);
    const parts: Parts = { args, settings: args.observability, child: { parent: this } };
    const { images } = args;
    if (images.alertmanager !== undefined) makeAlertmanager(images.alertmanager, parts);
    if (images.prometheus !== undefined) makePrometheus(images.prometheus, parts);
    if (images.jaeger !== undefined) makeJaeger(images.jaeger, parts);
    if (images.loki !== undefined) makeLoki(images.loki, parts);
    if (images['log-collector'] !== undefined && images.loki !== undefined) makeLogCollector(images['log-collector'], parts);
    if (images.grafana !== undefined) this.grafanaPassword = makeGrafana(images.grafana, parts);
    this.registerOutputs();
  }
}

/** What every server with a volume has in common here: it may be gone with the server, it is nobody's only copy of anything. */
function server({ args }: Parts) {
  return {
    namespace: args.namespace,
    storage: args.settings.storage,
    volumesDir: args.volumesDir,
    imagePullPolicy: args.settings.imagePullPolicy,
    uid: uids.nobody,
    scratch: ['/tmp'],
    expendable: true,
    terminationGracePeriodSeconds: 30,
  };
}

/** As Prometheus and Alertmanager say both. */
function healthy(port: number) {
  const at = (path: string) => ({ httpGet: { path, port }, timeoutSeconds: 5 });
  return { readiness: at('/-/ready'), liveness: at('/-/healthy') };
}

function makePrometheus(image: string, parts: Parts): void {
  const { args, settings, child } = parts;
  const { serviceAccount } = new ReaderAccess('prometheus', { namespace: args.namespace }, child);
  new DataService(
    'prometheus',
    {
      ...server(parts),
      settings: settings.prometheus,
      kind: 'prometheus',
      image,
      serviceAccount,
      port: 9_090,
      nodePort: settings.nodePorts?.prometheus,
      // Itself too: it scrapes its own metrics.
      from: { parts: ['grafana', 'prometheus'] },
      args: [
        '--config.file=/etc/authsome/prometheus.yaml',
        '--storage.tsdb.path=/prometheus',
        `--storage.tsdb.retention.time=${settings.prometheus.retentionDays}d`,
        '--web.listen-address=:9090',
      ],
      files: {
        'prometheus.yaml': prometheusConfiguration({ namespace: args.settings.namespace, alertmanager: 'alertmanager:9093' }),
        'rules.yaml': alertRules(settings),
      },
      dataPath: '/prometheus',
      probe: { httpGet: { path: '/-/ready', port: 9_090 } },
      probes: healthy(9_090),
      terminationGracePeriodSeconds: 60,
    },
    child,
  );
}

function makeAlertmanager(image: string, parts: Parts): void {
  const { args, settings, child } = parts;
  new DataService(
    'alertmanager',
    {
      ...server(parts),
      settings: settings.alertmanager,
      kind: 'alertmanager',
      image,
      port: 9_093,
      nodePort: settings.nodePorts?.alertmanager,
      from: { parts: ['prometheus', 'grafana'] },
      // One replica, so no cluster of them to talk to.
      args: ['--config.file=/etc/authsome/alertmanager.yaml', '--storage.path=/alertmanager', '--cluster.listen-address='],
      files: {
        'alertmanager.yaml': args.alertChannels.apply((channels) => alertmanagerConfiguration({ channels, impatient: settings.impatient })),
      },
      dataPath: '/alertmanager',
      probe: { httpGet: { path: '/-/ready', port: 9_093 } },
      probes: healthy(9_093),
    },
    child,
  );
}

function makeJaeger(image: string, parts: Parts): void {
  const { args, settings, child } = parts;
  const { namespace } = args;
  new DataService(
    'jaeger',
    {
      ...server(parts),
      settings: settings.jaeger,
      kind: 'jaeger',
      image,
      port: jaegerPorts.query,
      morePorts: [
        { name: 'otlp', port: jaegerPorts.otlp },
        { name: metricsPortName, port: jaegerPorts.metrics },
      ],
      nodePort: settings.nodePorts?.jaeger,
      from: { parts: ['grafana'] },
      args: ['--config=/etc/authsome/jaeger.yaml'],
      files: { 'jaeger.yaml': jaegerConfiguration(settings.jaeger) },
      dataPath: '/data',
      probe: { httpGet: { path: '/status', port: jaegerPorts.health } },
    },
    child,
  );
  const toJaeger = { namespace, instance: 'jaeger' };
  allowIngress('jaeger-otlp', { ...toJaeger, port: jaegerPorts.otlp, from: { parts: senders, tenants: true } }, child);
  allowIngress('jaeger-metrics', { ...toJaeger, port: jaegerPorts.metrics, from: { parts: ['prometheus'] } }, child);
}

function makeLoki(image: string, parts: Parts): void {
  const { settings, child } = parts;
  new DataService(
    'loki',
    {
      ...server(parts),
      settings: settings.loki,
      kind: 'loki',
      image,
      port: lokiPort,
      from: { parts: ['grafana', 'log-collector', 'prometheus'] },
      args: ['-config.file=/etc/authsome/loki.yaml'],
      files: { 'loki.yaml': lokiConfiguration(settings.loki) },
      dataPath: '/loki',
      probe: { httpGet: { path: '/ready', port: lokiPort } },
    },
    child,
  );
}

function makeLogCollector(image: string, { args, settings, child }: Parts): void {
  const { namespace, settings: platform } = args;
  const { serviceAccount } = new ReaderAccess('log-collector', { namespace, resources: ['pods/log'] }, child);
  new StatelessServer(
    'log-collector',
    {
      namespace,
      image,
      imagePullPolicy: platform.imagePullPolicy,
      uid: uids.nobody,
      port: logCollectorPort,
      from: { parts: ['prometheus'] },
      args: [
        'run',
        '/etc/authsome/config.alloy',
        `--server.http.listen-addr=0.0.0.0:${logCollectorPort}`,
        '--storage.path=/var/lib/alloy',
        '--disable-reporting',
      ],
      files: { 'config.alloy': logCollectorConfiguration({ namespace: platform.namespace, loki: `loki:${lokiPort}` }) },
      scratch: ['/tmp', '/var/lib/alloy'],
      probePath: '/-/ready',
      resources: settings.logCollector,
      serviceAccount,
    },
    child,
  );
}

function makeGrafana(image: string, { args, settings, child }: Parts): pulumi.Output<string> {
  const password = new random.RandomPassword('platform-grafana', { length: 40, special: false }, child).result;
  new StatelessServer(
    'grafana',
    {
      namespace: args.namespace,
      image,
      imagePullPolicy: args.settings.imagePullPolicy,
      // Grafana's own user: its folders in the image belong to it.
      uid: uids.grafana,
      port: grafanaPort,
      nodePort: settings.nodePorts?.grafana,
      from: { parts: ['prometheus'] },
      env: grafanaEnvironment,
      secretEnv: { GF_SECURITY_ADMIN_PASSWORD: password },
      files: grafanaFiles({ loki: args.images.loki !== undefined }),
      scratch: ['/tmp', '/var/lib/grafana'],
      probePath: '/api/health',
      resources: settings.grafana,
    },
    child,
  );
  return password;
}
