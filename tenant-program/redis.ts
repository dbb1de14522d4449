import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource, interpolate, secret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { generatedSecret } from './generated-secret.ts';
import { maxMemoryBytes } from './memory-quantity.ts';
import type { TenantNamespace } from './namespace.ts';
import { containerSecurityContext, namespacedOptions, podSecurityContext, workloadLabels, workloadOptions } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantRedisArgs {
  context: TenantContext;
  namespace: TenantNamespace;
  serviceAccountName: Output<string>;
  /** What must exist before a pod may start: its network policies. */
  dependsOn: Resource[];
}

const redisUid = 999;
const redisPort = 6379;

/** The tenant's own Redis: sessions and other short-lived data, in memory only, behind a password. */
export class TenantRedis extends ComponentResource {
  readonly host: string;
  /** Secret. */
  readonly url: Output<string>;

  constructor(name: string, args: TenantRedisArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Redis', name, {}, options);
    const { context, namespace, serviceAccountName, dependsOn } = args;
    const { redisMemory, redisMemoryRequest } = context.spec.resources;
    const labels = workloadLabels(context, 'redis');
    const metadata = { name: 'redis', namespace: namespace.name, labels };
    const selector = { 'app.kubernetes.io/name': 'redis' };
    const childOptions = namespacedOptions(this, namespace.namespace);

    const password = generatedSecret(`${name}-password`, this);
    const configuration = new kubernetes.core.v1.Secret(
      `${name}-configuration`,
      { metadata, stringData: { 'redis.conf': redisConfiguration(password, redisMemory), password: password } },
      childOptions,
    );
    new kubernetes.core.v1.Service(
      name,
      {
        // The provider's wait for endpoints takes 10 s at least; readiness of the pods is the real signal.
        metadata: { ...metadata, annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: { selector, ports: [{ name: 'redis', port: redisPort, targetPort: redisPort }] },
      },
      childOptions,
    );
    new kubernetes.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          replicas: 1,
          serviceName: 'redis',
          selector: { matchLabels: selector },
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              terminationGracePeriodSeconds: 30,
              securityContext: podSecurityContext(redisUid),
              containers: [
                {
                  name: 'redis',
                  image: context.spec.images.redis,
                  imagePullPolicy: context.spec.images.pullPolicy,
                  command: ['redis-server', '/etc/redis/redis.conf'],
                  ports: [{ name: 'redis', containerPort: redisPort }],
                  env: [{ name: 'REDISCLI_AUTH', valueFrom: { secretKeyRef: { name: configuration.metadata.name, key: 'password' } } }],
                  securityContext: containerSecurityContext,
                  resources: {
                    requests: { cpu: '20m', memory: redisMemoryRequest },
                    limits: { cpu: '500m', memory: redisMemory },
                  },
                  startupProbe: { tcpSocket: { port: redisPort }, periodSeconds: 1, failureThreshold: 60 },
                  readinessProbe: { tcpSocket: { port: redisPort }, periodSeconds: 5 },
                  livenessProbe: { exec: { command: ['redis-cli', 'ping'] }, periodSeconds: 15, timeoutSeconds: 5 },
                  volumeMounts: [
                    { name: 'configuration', mountPath: '/etc/redis/redis.conf', subPath: 'redis.conf', readOnly: true },
                    { name: 'data', mountPath: '/data' },
                  ],
                },
              ],
              volumes: [
                { name: 'configuration', secret: { secretName: configuration.metadata.name, defaultMode: 0o440 } },
                { name: 'data', emptyDir: {} },
              ],
            },
          },
        },
      },
      workloadOptions(this, dependsOn),
    );

    this.host = `redis.${context.names.namespace}.svc.cluster.local`;
    this.url = secret(interpolate`redis://:${password}@${this.host}:${redisPort}`);
    this.registerOutputs({ url: this.url });
  }
}

/** Evicts what expires anyway (sessions), never the rest; writes nothing to disk. */
function redisConfiguration(password: Output<string>, memory: string): Output<string> {
  return interpolate`port ${redisPort}
dir /data
save ""
appendonly no
requirepass ${password}
maxmemory ${maxMemoryBytes(memory)}
maxmemory-policy volatile-lru
tcp-keepalive 60
`;
}
