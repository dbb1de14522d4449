import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { priorities } from './cluster/priority-classes.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { containerSecurity, labels, metricsPortName, podSecurity, resources, scratchVolume, skipAwait, uids } from './hardening.ts';
import { ingressPolicy, metricsPolicy } from './ingress-policy.ts';
import type { IngressPolicyArgs } from './ingress-policy.ts';
import type { PlatformInputs } from './load-settings.ts';
import type { ServerCa } from './postgres/server-ca.ts';
import { scaling } from './scaling.ts';
import type { ScaledBy } from './scaling.ts';
import type { WorkloadSettings } from './settings.ts';
import { spreadConstraints } from './spread-constraints.ts';
import { stringData } from './string-data.ts';
import { workloadAutoscaler } from './workload-autoscaler.ts';

export interface WorkloadArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
  workload: WorkloadSettings;
  /** By what an autoscaler changes the number of its pods. */
  scaledBy: ScaledBy;
  image: string;
  /** Plain settings, and secret ones: the second become a Secret of this workload alone. */
  env: Record<string, pulumi.Input<string>>;
  secretEnv: Record<string, pulumi.Input<string>>;
  /** Secret files, in /etc/authsome. */
  secretFiles?: Record<string, pulumi.Input<string>>;
  /** To look at the certificates of external database servers. */
  ca: ServerCa;
  /** Without one the pod gets no token of the API server. */
  serviceAccount?: pulumi.Input<string>;
  nodePort?: number | undefined;
  from: IngressPolicyArgs['from'];
  /** At least what endpointsGoneSeconds and the process' own shutdown of 30 s take together. */
  terminationGracePeriodSeconds: number;
}

/** Where every service of the platform listens, and where it shows its metrics: apart, so that who may call it sees none of them. */
const port = 8_080;
export const metricsPort = 9_464;
/** Until load balancers and nodes have learned that a pod is ending they still send it connections, so its process goes on for so long. */
const endpointsGoneSeconds = 5;

/** One stateless service of the platform: Deployment, autoscaler, disruption budget, Service, Secret and the policy that says who may connect. */
export class Workload extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;

  constructor(name: string, args: WorkloadArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Workload', name, {}, options);
    const child = { parent: this };
    const { namespace } = args;
    const metadata = { name, namespace, labels: labels(name) };
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: stringData(args.secretEnv) }, child);
    const files =
      args.secretFiles === undefined
        ? undefined
        : new kubernetes.core.v1.Secret(
            `${name}-files`,
            { metadata: { ...metadata, name: `${name}-files` }, stringData: stringData(args.secretFiles) },
            child,
          );
    const configChecksum = pulumi.unsecret(
      pulumi
        .output([args.secretEnv, args.secretFiles ?? {}])
        .apply((values) => createHash('sha256').update(JSON.stringify(values)).digest('hex')),
    );
    const { replicas, autoscaled, atLeast } = scaling(args.workload, args.scaledBy, args.settings);
    this.deployment = new kubernetes.apps.v1.Deployment(
      name,
      {
        // An autoscaler that is taken away still owns the replicas as the cluster sees it.
        metadata: { ...metadata, annotations: { 'pulumi.com/patchForce': 'true' } },
        spec: {
          replicas,
          selector: { matchLabels: { 'app.kubernetes.io/instance': name } },
          // Never fewer than wanted: the new pod is ready before an old one goes.
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels: labels(name), annotations: { 'authsome.cloud/config-checksum': configChecksum } },
            spec: {
              serviceAccountName: args.serviceAccount,
              automountServiceAccountToken: args.serviceAccount !== undefined,
              enableServiceLinks: false,
              securityContext: podSecurity(uids.app),
              priorityClassName: priorities.services.name,
              terminationGracePeriodSeconds: args.terminationGracePeriodSeconds,
              topologySpreadConstraints: atLeast > 1 ? spreadConstraints(name, ['pod-template-hash']) : undefined,
              containers: [
                {
                  name,
                  image: args.image,
                  imagePullPolicy: args.settings.imagePullPolicy,
                  env: Object.entries({
                    PORT: String(port),
                    METRICS_PORT: String(metricsPort),
                    REGION: args.settings.region,
                    ...args.env,
                  }).map(([key, value]) => ({
                    name: key,
                    value,
                  })),
                  envFrom: [{ secretRef: { name: secret.metadata.name } }],
                  ports: [
                    { name: 'http', containerPort: port },
                    { name: metricsPortName, containerPort: metricsPort },
                  ],
                  resources: resources(args.workload),
                  securityContext: containerSecurity,
                  lifecycle: { preStop: { sleep: { seconds: endpointsGoneSeconds } } },
                  startupProbe: { httpGet: { path: '/ready', port }, periodSeconds: 1, failureThreshold: 120 },
                  readinessProbe: { httpGet: { path: '/ready', port }, periodSeconds: 5, timeoutSeconds: 5 },
                  livenessProbe: { httpGet: { path: '/health', port }, periodSeconds: 10, timeoutSeconds: 5 },
                  volumeMounts: [
                    ...(files === undefined ? [] : [{ name: 'files', mountPath: '/etc/authsome', readOnly: true }]),
                    { name: 'tmp', mountPath: '/tmp' },
                    ...args.ca.volumeMounts,
                  ],
                },
              ],
              volumes: [
                ...(files === undefined ? [] : [{ name: 'files', secret: { secretName: files.metadata.name, defaultMode: 0o440 } }]),
                scratchVolume('tmp', args.workload),
                ...args.ca.volumes,
              ],
            },
          },
        },
      },
      { ...child, customTimeouts: { create: '3m', update: '3m', delete: '2m' } },
    );
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: {
          type: args.nodePort === undefined ? 'ClusterIP' : 'NodePort',
          selector: { 'app.kubernetes.io/instance': name },
          ports: [{ name: 'http', port: 80, targetPort: port, nodePort: args.nodePort }],
        },
      },
      child,
    );
    if (autoscaled !== undefined) workloadAutoscaler({ ...args, name, ...autoscaled }, child);
    if (atLeast > 1) disruptionBudget({ namespace, instance: name, minAvailable: args.workload.minAvailable }, child);
    ingressPolicy({ namespace, instance: name, port, from: args.from }, child);
    metricsPolicy({ namespace, instance: name, port: metricsPort }, child);
    this.registerOutputs();
  }
}
