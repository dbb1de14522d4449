import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { priorities } from '../cluster/priority-classes.ts';
import { containerSecurity, labels, podSecurity, resources, scratchVolume, skipAwait } from '../hardening.ts';
import type { PodResources } from '../hardening.ts';
import { ingressPolicy } from '../ingress-policy.ts';
import type { IngressPolicyArgs } from '../ingress-policy.ts';
import { stringData } from '../string-data.ts';

export interface StatelessServerArgs {
  namespace: pulumi.Input<string>;
  image: string;
  imagePullPolicy: string;
  uid: number;
  port: number;
  nodePort?: number | undefined;
  from: IngressPolicyArgs['from'];
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  secretEnv?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Not secret, by their paths below /etc/authsome: a ConfigMap. */
  files: Readonly<Record<string, string>>;
  /** Folders that it must be able to write; they are empty at each start. */
  scratch: readonly string[];
  probePath: string;
  resources: PodResources;
  serviceAccount?: pulumi.Input<string>;
}

/** A published server without data of its own: one pod, which is made anew with another configuration. */
export class StatelessServer extends pulumi.ComponentResource {
  constructor(name: string, args: StatelessServerArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:StatelessServer', name, {}, options);
    const child = { parent: this };
    const { namespace, port } = args;
    const paths = Object.keys(args.files);
    const metadata = { name, namespace, labels: labels(name) };
    const files = new kubernetes.core.v1.ConfigMap(
      name,
      { metadata, data: Object.fromEntries(paths.map((path) => [keyOf(path), args.files[path] ?? ''])) },
      child,
    );
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: stringData(args.secretEnv) }, child);
    const probe = { httpGet: { path: args.probePath, port } };
    new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: { 'app.kubernetes.io/instance': name } },
          template: {
            metadata: { labels: labels(name), annotations: { 'authsome.cloud/config-checksum': checksum(args) } },
            spec: {
              serviceAccountName: args.serviceAccount,
              automountServiceAccountToken: args.serviceAccount !== undefined,
              enableServiceLinks: false,
              securityContext: podSecurity(args.uid),
              priorityClassName: priorities.services.name,
              containers: [
                {
                  name,
                  image: args.image,
                  imagePullPolicy: args.imagePullPolicy,
                  args: args.args === undefined ? undefined : [...args.args],
                  env: Object.entries(args.env ?? {}).map(([key, value]) => ({ name: key, value })),
                  envFrom: [{ secretRef: { name: secret.metadata.name } }],
                  ports: [{ name, containerPort: port }],
                  resources: resources(args.resources),
                  securityContext: containerSecurity,
                  startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 90 },
                  readinessProbe: { ...probe, periodSeconds: 10, timeoutSeconds: 5 },
                  // Less than readiness: a server that is slow is taken out of its Service, and not ended.
                  livenessProbe: { tcpSocket: { port }, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
                  volumeMounts: [
                    { name: 'files', mountPath: '/etc/authsome', readOnly: true },
                    ...args.scratch.map((path, index) => ({ name: `scratch-${index}`, mountPath: path })),
                  ],
                },
              ],
              volumes: [
                { name: 'files', configMap: { name: files.metadata.name, items: paths.map((path) => ({ key: keyOf(path), path })) } },
                ...args.scratch.map((_, index) => scratchVolume(`scratch-${index}`, args.resources)),
              ],
            },
          },
        },
      },
      { ...child, customTimeouts: { create: '5m', update: '5m', delete: '2m' } },
    );
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: {
          type: args.nodePort === undefined ? 'ClusterIP' : 'NodePort',
          selector: { 'app.kubernetes.io/instance': name },
          ports: [{ name, port, nodePort: args.nodePort }],
        },
      },
      child,
    );
    ingressPolicy({ namespace, instance: name, port, from: args.from }, child);
    this.registerOutputs();
  }
}

/** A key may not hold a slash. */
function keyOf(path: string): string {
  return path.replaceAll('/', '__');
}

function checksum({ files, secretEnv = {} }: StatelessServerArgs): pulumi.Output<string> {
  return pulumi.unsecret(
    pulumi.output({ files, secretEnv }).apply((content) => createHash('sha256').update(JSON.stringify(content)).digest('hex')),
  );
}
