import type { types } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';
import type { TenantSpec } from './spec.ts';
import { containerSecurityContext, podSecurityContext } from './tenant-context.ts';

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;

export interface InstancePodArgs {
  spec: TenantSpec;
  serviceAccountName: Output<string>;
  configMapName: Output<string>;
  secretName: Output<string>;
}

const instanceUid = 10_001;
const httpPort = 8080;

/** The instance's configuration that is no secret, as its environment variables. */
export function instanceConfiguration({ appId, environment, region, config }: TenantSpec): Record<string, string> {
  return {
    APP_ID: appId,
    ENVIRONMENT: environment,
    REGION: region,
    PORT: String(httpPort),
    MODE: config.mode,
    SESSION_TIMEOUT_SECONDS: String(config.sessionTimeoutSeconds),
    ALLOWED_ORIGINS: config.allowedOrigins.join(','),
    EMAIL_VERIFICATION_REQUIRED: String(config.emailVerificationRequired),
  };
}

/** The instance's pods. The process migrates its schema before it listens, so before it is ready. */
export function instancePodSpec(args: InstancePodArgs): PodSpec {
  const { resources } = args.spec;
  const container = baseContainer(args);
  return {
    serviceAccountName: args.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurityContext(instanceUid),
    containers: [
      {
        ...container,
        name: 'instance',
        command: ['node', '/app/main.mjs'],
        ports: [{ name: 'http', containerPort: httpPort }],
        // Each second until it is up, so that readiness is seen at once; then at ease.
        startupProbe: probe('/ready', { periodSeconds: 1, failureThreshold: 90 }),
        readinessProbe: probe('/ready', { periodSeconds: 3, failureThreshold: 2 }),
        livenessProbe: probe('/health', { periodSeconds: 10, failureThreshold: 3 }),
      },
    ],
    ...(resources.replicas > 1 && { topologySpreadConstraints: spreadOverNodes }),
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
  };
}

const spreadOverNodes = [
  {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'instance' } },
  },
];

function baseContainer({ spec, configMapName, secretName }: InstancePodArgs): Omit<Container, 'name'> {
  const { cpu, cpuRequest, memory, memoryRequest } = spec.resources;
  return {
    image: spec.images.instance,
    imagePullPolicy: spec.images.pullPolicy,
    envFrom: [{ configMapRef: { name: configMapName } }, { secretRef: { name: secretName } }],
    securityContext: containerSecurityContext,
    resources: { requests: { cpu: cpuRequest, memory: memoryRequest }, limits: { cpu, memory } },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }): types.input.core.v1.Probe {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 2, ...timing };
}
