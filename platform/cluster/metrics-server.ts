import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { containerSecurity, labels, podSecurity, resources, scratchVolume, skipAwait } from '../hardening.ts';
import { ingressPolicy } from '../ingress-policy.ts';
import type { PlatformSettings } from '../settings.ts';
import { metricsServerAccess } from './metrics-server-access.ts';
import { priorities } from './priority-classes.ts';

export interface MetricsServerArgs {
  namespace: pulumi.Input<string>;
  settings: NonNullable<PlatformSettings['metricsServer']>;
  imagePullPolicy: string;
}

const port = 10_250;
/** The image's own user. */
const uid = 1_000;

/** Kubernetes' metrics server, as it is published, for clusters that come without one: it measures pods, so that autoscalers can go by that. */
export class MetricsServer extends pulumi.ComponentResource {
  constructor(name: string, { namespace, settings, imagePullPolicy }: MetricsServerArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:MetricsServer', name, {}, options);
    const child = { parent: this };
    const metadata = { name, namespace, labels: labels(name) };
    const serviceAccountName = metricsServerAccess({ name, namespace }, child);
    const probe = (path: string) => ({ httpGet: { path, port, scheme: 'HTTPS' }, periodSeconds: 10, timeoutSeconds: 5 });
    new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: { 'app.kubernetes.io/instance': name } },
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels: labels(name) },
            spec: {
              serviceAccountName,
              automountServiceAccountToken: true,
              enableServiceLinks: false,
              priorityClassName: priorities.services.name,
              securityContext: podSecurity(uid),
              containers: [
                {
                  name,
                  image: settings.image,
                  imagePullPolicy,
                  args: [
                    '--cert-dir=/tmp',
                    `--secure-port=${port}`,
                    '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
                    '--kubelet-use-node-status-port',
                    '--metric-resolution=15s',
                    ...(settings.kubeletInsecureTls ? ['--kubelet-insecure-tls'] : []),
                  ],
                  ports: [{ name: 'https', containerPort: port }],
                  // Enough for a hundred nodes; its own figures are 1m and 2Mi more for each beyond.
                  resources: resources({ cpu: '1', cpuRequest: '100m', memory: '512Mi', memoryRequest: '200Mi' }),
                  securityContext: containerSecurity,
                  // Ready when it has measured once.
                  startupProbe: { ...probe('/readyz'), failureThreshold: 12 },
                  readinessProbe: probe('/readyz'),
                  livenessProbe: probe('/livez'),
                  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
                },
              ],
              volumes: [scratchVolume('tmp', {})],
            },
          },
        },
      },
      { ...child, customTimeouts: { create: '3m', update: '3m', delete: '2m' } },
    );
    const service = new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: { selector: { 'app.kubernetes.io/instance': name }, ports: [{ name: 'https', port: 443, targetPort: port }] },
      },
      child,
    );
    // The API server calls it, from an address that is no pod's.
    ingressPolicy({ namespace, instance: name, port, from: 'anywhere' }, child);
    new kubernetes.apiregistration.v1.APIService(
      name,
      {
        metadata: { name: 'v1beta1.metrics.k8s.io', labels: labels(name) },
        spec: {
          group: 'metrics.k8s.io',
          version: 'v1beta1',
          groupPriorityMinimum: 100,
          versionPriority: 100,
          // It signs its own certificate at its start, as published.
          insecureSkipTLSVerify: true,
          service: { name: service.metadata.name, namespace },
        },
      },
      child,
    );
    this.registerOutputs();
  }
}
