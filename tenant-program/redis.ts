import * as kubernetes from '@pulumi/kubernetes';
import type { types } from '@pulumi/kubernetes';
import { ComponentResource, interpolate, secret } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { checksum, configurationAnnotation } from './checksum.ts';
import { ephemeralStorage } from './ephemeral-storage.ts';
import { generatedSecret } from './generated-secret.ts';
import type { TenantNamespace } from './namespace.ts';
import { containerSecurityContext, podDefaults, podSecurityContext, uids } from './pod-security.ts';
import { ports } from '../domain/tenant-ports.ts';
import { bytes } from './quantity.ts';
import type { TenantSpec } from './spec.ts';
import { namespacedOptions, skipAwait, workloadLabels, workloadOptions, workloadSelector } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantRedisArgs {
  context: TenantContext;
  namespace: TenantNamespace;
  serviceAccountName: Output<string>;
  /** What must exist before a pod may start: its network policies. */
  dependsOn: Resource[];
}

/**
 * The tenant's own Redis behind a password, in memory only: it is a cache of sessions, each of which is in PostgreSQL too, so that nobody
 * is signed out when it starts anew, and no volume need be kept or waited for.
 */
export class TenantRedis extends ComponentResource {
  readonly host: string;
  /** Secret. */
  readonly url: Output<string>;

  constructor(name: string, args: TenantRedisArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Redis', name, {}, options);
    const { context, namespace, serviceAccountName, dependsOn } = args;
    const metadata = { name: 'redis', namespace: namespace.name, labels: workloadLabels(context, 'redis') };
    const selector = workloadSelector('redis');
    const childOptions = namespacedOptions(this, namespace.namespace);

    const password = generatedSecret(`${name}-password`, this);
    const stringData = { 'redis.conf': redisConfiguration(password, context.spec.resources.redisMemory), password };
    const configuration = new kubernetes.core.v1.Secret(`${name}-configuration`, { metadata, stringData }, childOptions);
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: { selector, ports: [{ name: 'redis', port: ports.redis, targetPort: ports.redis }] },
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
            metadata: { labels: metadata.labels, annotations: { [configurationAnnotation]: checksum(stringData) } },
            spec: podSpec(context.spec, { serviceAccountName, secretName: configuration.metadata.name }),
          },
        },
      },
      workloadOptions(this, dependsOn),
    );

    this.host = `redis.${context.names.namespace}.svc.cluster.local`;
    this.url = secret(interpolate`redis://:${password}@${this.host}:${ports.redis}`);
    this.registerOutputs({ url: this.url });
  }
}

interface PodArgs {
  serviceAccountName: Output<string>;
  secretName: Output<string>;
}

function podSpec({ images, resources, cluster }: TenantSpec, { serviceAccountName, secretName }: PodArgs): types.input.core.v1.PodSpec {
  return {
    ...podDefaults,
    serviceAccountName,
    priorityClassName: cluster.priorityClass,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurityContext(uids.redis),
    containers: [
      {
        name: 'redis',
        image: images.redis,
        imagePullPolicy: images.pullPolicy,
        command: ['redis-server', '/etc/redis/redis.conf'],
        ports: [{ name: 'redis', containerPort: ports.redis }],
        env: [{ name: 'REDISCLI_AUTH', valueFrom: { secretKeyRef: { name: secretName, key: 'password' } } }],
        securityContext: containerSecurityContext,
        resources: {
          requests: {
            cpu: resources.redisCpuRequest,
            memory: resources.redisMemoryRequest,
            'ephemeral-storage': ephemeralStorage.redis.request,
          },
          limits: { cpu: resources.redisCpu, memory: resources.redisMemory, 'ephemeral-storage': ephemeralStorage.redis.limit },
        },
        startupProbe: { tcpSocket: { port: ports.redis }, periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { tcpSocket: { port: ports.redis }, periodSeconds: 5 },
        // Two minutes: one that is slow must not lose the sessions that it holds.
        livenessProbe: { exec: { command: ['redis-cli', 'ping'] }, periodSeconds: 15, timeoutSeconds: 10, failureThreshold: 8 },
        volumeMounts: [
          { name: 'configuration', mountPath: '/etc/redis/redis.conf', subPath: 'redis.conf', readOnly: true },
          { name: 'data', mountPath: '/data' },
        ],
      },
    ],
    volumes: [
      { name: 'configuration', secret: { secretName, defaultMode: 0o440 } },
      // The folder that the server wants to be in; nothing is written there.
      { name: 'data', emptyDir: { sizeLimit: '16Mi' } },
    ],
  };
}

/** The part of a container's memory that data may fill: the rest is for buffers, and to be killed for none of them. */
const dataShare = 0.75;

/** Commands that no instance has a use for, and with which one that was taken over could change, stop or watch the server. */
const withheld = [
  ...['CONFIG', 'DEBUG', 'SHUTDOWN', 'MODULE', 'ACL', 'MONITOR', 'KEYS', 'FLUSHALL', 'SWAPDB', 'MIGRATE'],
  ...['SAVE', 'BGSAVE', 'BGREWRITEAOF', 'REPLICAOF', 'SLAVEOF', 'SYNC', 'PSYNC', 'FAILOVER'],
];

/** Evicts the sessions that were not used for longest, never what has no end: a session that is evicted is read from PostgreSQL again. */
function redisConfiguration(password: Output<string>, memory: string): Output<string> {
  return interpolate`port ${ports.redis}
dir /data
save ""
appendonly no
requirepass ${password}
maxmemory ${Math.floor(bytes(memory) * dataShare)}
maxmemory-policy volatile-lru
tcp-keepalive 60
${withheld.map((command) => `rename-command ${command} ""`).join('\n')}
`;
}
