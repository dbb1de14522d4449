import * as kubernetes from '@pulumi/kubernetes';
import type { types } from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { checksum, configurationAnnotation } from './checksum.ts';
import type { DedicatedDatabaseArgs } from './dedicated-database.ts';
import { ephemeralStorage } from './ephemeral-storage.ts';
import { generatedSecret } from './generated-secret.ts';
import { connectionLimit } from './instance-pods.ts';
import { containerSecurityContext, podDefaults, podSecurityContext, uids } from './pod-security.ts';
import { ports } from '../domain/tenant-ports.ts';
import { bytes } from './quantity.ts';
import type { TenantSpec } from './spec.ts';
import { namespacedOptions, skipAwait, workloadLabels, workloadOptions, workloadSelector } from './tenant-context.ts';

/** The superuser that the image makes, of which only the provisioner knows the password. */
const adminUser = 'postgres';
const dataPath = '/var/lib/postgresql/data';

/** A PostgreSQL server with a volume, which talks TLS only, to the tenant's instance and the provisioner. */
export class DedicatedPostgres extends ComponentResource {
  readonly host: string;
  readonly adminUser = adminUser;
  /** Secret. */
  readonly adminPassword: Output<string>;
  /** Ready once the server answers. */
  readonly statefulSet: kubernetes.apps.v1.StatefulSet;

  constructor(name: string, args: DedicatedDatabaseArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:DedicatedPostgres', name, {}, options);
    const { context, namespace, serviceAccountName, server, dependsOn } = args;
    const metadata = { name: 'postgres', namespace: namespace.name, labels: workloadLabels(context, 'postgres') };
    const selector = workloadSelector('postgres');
    const childOptions = namespacedOptions(this, namespace.namespace);

    this.host = `postgres.${context.names.namespace}.svc.cluster.local`;
    this.adminPassword = generatedSecret(`${name}-password`, this);
    const secret = new kubernetes.core.v1.Secret(name, { metadata, stringData: { password: this.adminPassword } }, childOptions);
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        // Without an address of its own: the name is the pod's address, known before it is ready, so that nobody waits for the nodes' tables.
        spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector, ports: [{ name: 'postgres', port: ports.postgres }] },
      },
      childOptions,
    );
    this.statefulSet = new kubernetes.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          replicas: 1,
          serviceName: 'postgres',
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: metadata.labels, annotations: { [configurationAnnotation]: checksum(this.adminPassword) } },
            spec: podSpec(context.spec, { serviceAccountName, secretName: secret.metadata.name, server }),
          },
          volumeClaimTemplates: [
            {
              // Only what never changes: a StatefulSet's templates can't.
              metadata: { name: 'data', labels: { 'authsome.cloud/app-id': context.spec.appId } },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: server.storageClass,
                resources: { requests: { storage: server.storage } },
              },
            },
          ],
          // Whatever becomes of the StatefulSet, the data goes with the namespace alone.
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        },
      },
      workloadOptions(this, dependsOn),
    );
    this.registerOutputs({ host: this.host });
  }
}

interface PodArgs extends Pick<DedicatedDatabaseArgs, 'serviceAccountName' | 'server'> {
  secretName: Output<string>;
}

function podSpec(spec: TenantSpec, { serviceAccountName, secretName, server }: PodArgs): types.input.core.v1.PodSpec {
  const probe = { exec: { command: ['pg_isready', '--quiet', '--host=127.0.0.1', `--username=${adminUser}`] }, timeoutSeconds: 5 };
  return {
    ...podDefaults,
    serviceAccountName,
    priorityClassName: spec.cluster.priorityClass,
    // A fast shutdown writes a checkpoint of at most a few seconds.
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurityContext(uids.postgres),
    containers: [
      {
        name: 'postgres',
        image: server.image,
        imagePullPolicy: spec.images.pullPolicy,
        args: ['postgres', ...settings(spec, server.memory).flatMap((setting) => ['-c', setting])],
        env: [
          { name: 'POSTGRES_PASSWORD_FILE', value: '/etc/authsome/password' },
          { name: 'POSTGRES_TLS', value: 'self-signed' },
        ],
        ports: [{ name: 'postgres', containerPort: ports.postgres }],
        securityContext: containerSecurityContext,
        resources: {
          requests: { cpu: server.cpuRequest, memory: server.memoryRequest, 'ephemeral-storage': ephemeralStorage.postgres.request },
          limits: { cpu: server.cpu, memory: server.memory, 'ephemeral-storage': ephemeralStorage.postgres.limit },
        },
        // Two minutes for recovery after a crash, before the liveness probe may end what is at work on it.
        startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 },
        // Its port is open while it recovers from a crash, too, which must not be ended.
        livenessProbe: { tcpSocket: { port: ports.postgres }, timeoutSeconds: 5, periodSeconds: 10, failureThreshold: 12 },
        volumeMounts: [
          { name: 'data', mountPath: dataPath },
          { name: 'password', mountPath: '/etc/authsome', readOnly: true },
          { name: 'run', mountPath: '/var/run/postgresql' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'password', secret: { secretName, defaultMode: 0o440 } },
      { name: 'run', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
    ],
  };
}

/** Of the container's memory; PostgreSQL's own advice for a server of its own. The rest is for connections and the page cache. */
const sharedBuffersShare = 0.25;
/** Superusers keep three of PostgreSQL's connections (superuser_reserved_connections); the provisioner and a person need no more. */
const superuserConnections = 5;

function settings(spec: TenantSpec, memory: string): string[] {
  return [
    `max_connections=${connectionLimit(spec.resources) + superuserConnections}`,
    `shared_buffers=${Math.floor((bytes(memory) * sharedBuffersShare) / 2 ** 20)}MB`,
    // Parallel workers share memory in /dev/shm, of which a container has 64 MB; an auth database's queries are short.
    'max_parallel_workers_per_gather=0',
    'ssl_min_protocol_version=TLSv1.3',
  ];
}
