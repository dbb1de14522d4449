import * as pulumi from '@pulumi/pulumi';
import type { RegisterResourceOutputsRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import type { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';
import type { TenantOutputs, TenantSpecInput } from '../../../tenant-program/spec.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';

/** One registration of a resource, as the engine would get it. */
export interface MadeResource {
  type: string;
  name: string;
  /** By which the engine knows the resource again: types of all its parents and its own, and its name. */
  identity: string;
  custom: boolean;
  /** Secrets opened. */
  inputs: Record<string, unknown>;
  /** The same with each secret cut out: what the state would hold in plain text. */
  plainInputs: unknown;
  protect: boolean;
  /** Paths whose change makes it anew. */
  replaceOnChanges: string[];
  /** Name of the resource with which it goes. */
  deletedWith: string;
  /** Names of those that must be there first. */
  dependencies: string[];
}

export interface ProgramRun {
  /** Those that a provider makes; components are left out. */
  resources: MadeResource[];
  outputs: TenantOutputs;
  /** Names of the outputs that are secret. */
  secrets: string[];
  /** What components say of themselves, each secret cut out. */
  plainComponentOutputs: unknown[];
}

/** A whole spec with nothing but what is required. */
export function specInput(changes: Partial<TenantSpecInput> = {}): TenantSpecInput {
  return {
    appId: 'app_abc123',
    plan: 'free',
    environment: 'production',
    region: 'us-east-1',
    publicUrl: 'https://api.authsome.cloud/v1/app_abc123',
    images: { instance: 'authsome/instance:1', redis: 'authsome/redis:1' },
    database: sharedDatabase,
    cluster: { systemNamespace: 'authsome-system' },
    ...changes,
  };
}

export const sharedDatabase = {
  tier: 'shared',
  host: 'postgres.authsome-system.svc',
  adminUser: 'authsome_tenants',
  adminPassword: 'admin-password',
} as const;
export const dedicatedDatabase = { tier: 'dedicated', image: 'authsome/postgres:1' } as const;

/** An owner's settings with every part that there is. */
export const fullConfig = {
  allowedOrigins: ['https://a.example'],
  emailVerificationRequired: true,
  email: { from: 'Ada <ada@example.com>', smtp: { host: 'mail.example.com', port: 2525, username: 'ada', password: 'smtp-p@ssword' } },
  socialProviders: { github: { clientId: 'github-id', clientSecret: 'github-client-secret' } },
  oidcProviders: { acme: { issuer: 'https://login.acme.example', clientId: 'acme-id', clientSecret: 'acme-client-secret' } },
};

/** A spec of each plan as a production cluster has it, and a suspended one. */
export const planSpecs = {
  free: specInput({ cluster: { systemNamespace: 'authsome-system', metricsApi: true, serviceMonitors: true } }),
  pro: specInput({
    plan: 'pro',
    config: fullConfig,
    database: dedicatedDatabase,
    resources: { maxReplicas: 10, quotaCpu: '16', quotaMemory: '32Gi' },
    cluster: { systemNamespace: 'authsome-system', metricsApi: true, serviceMonitors: true },
    tracing: { endpoint: 'http://jaeger.authsome-system.svc:4318', namespace: 'authsome-system', app: 'jaeger' },
  }),
  enterprise: specInput({
    plan: 'enterprise',
    database: { ...dedicatedDatabase, storage: '200Gi', storageClass: 'fast' },
    resources: { replicas: 3, maxReplicas: 10, quotaCpu: '16', quotaMemory: '32Gi' },
    cluster: { systemNamespace: 'authsome-system', metricsApi: true, ipv6: true, internalCidrs: ['2600:1f00::/24'] },
    restartedAt: '2025-11-25T12:00:00Z',
  }),
  suspended: specInput({
    plan: 'pro',
    database: dedicatedDatabase,
    resources: { replicas: 0 },
    cluster: { systemNamespace: 'authsome-system', metricsApi: true },
  }),
} satisfies Record<string, TenantSpecInput>;

let previousRun: Promise<unknown> = Promise.resolve();

/** Runs the tenant program against Pulumi's mocks: what it makes, and what it returns. One run at a time: mocks are process-wide. */
export function runTenantProgram(input: TenantSpecInput = specInput()): Promise<ProgramRun> {
  const run = previousRun.then(() => runWithMocks(input));
  previousRun = run.catch(() => undefined);
  return run;
}

async function runWithMocks(input: TenantSpecInput): Promise<ProgramRun> {
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs }) => ({
      id: `${name}-id`,
      state: { ...(inputs as object), ...computedState(type, name) },
    }),
    call: () => ({}),
  };
  await pulumi.runtime.setMocks(mocks, 'authsome-tenant', 'app-abc123');
  const recorded = recordRegistrations(pulumi.runtime.getMonitor() as unknown as MockMonitor);
  // After setMocks: the SDK looks at its settings when it is first used.
  const { tenantProgram } = await import('../../../tenant-program/index.ts');
  const program = await tenantProgram(tenantSpecSchema.parse(input))();
  const entries = await Promise.all(
    Object.entries(program).map(async ([name, value]) => {
      const output = pulumi.output(value);
      return [name, await valueOf(output), await pulumi.isSecret(output)] as const;
    }),
  );
  // Resources that no output leads to are registered some turns of the event loop later.
  await pulumi.runtime.disconnect();
  return {
    resources: recorded.made.filter(({ custom }) => custom).sort((a, b) => (a.identity < b.identity ? -1 : 1)),
    outputs: Object.fromEntries(entries.map(([name, value]) => [name, value])) as TenantOutputs,
    secrets: entries.filter(([, , secret]) => secret).map(([name]) => name),
    plainComponentOutputs: recorded.componentOutputs,
  };
}

interface Recorded {
  made: MadeResource[];
  componentOutputs: unknown[];
}

/** Keeps the requests that reach the mocks' monitor: the mocks themselves are told neither parents nor options. */
function recordRegistrations(monitor: MockMonitor): Recorded {
  const recorded: Recorded = { made: [], componentOutputs: [] };
  const [register, registerOutputs] = [monitor.registerResource.bind(monitor), monitor.registerResourceOutputs.bind(monitor)];
  /** Types of a resource and its parents by the URN that the mocks give it, which has the last two only. */
  const typesOf = new Map<string, string>();
  monitor.registerResource = (request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) => {
    const [type, name, parent] = [request.getType(), request.getName(), request.getParent()];
    const types = parent === '' ? type : `${typesOf.get(parent)}$${type}`;
    const inputs: unknown = request.getObject()?.toJavaScript() ?? {};
    recorded.made.push({
      type,
      name,
      identity: `${types}::${name}`,
      custom: request.getCustom(),
      inputs: withSecrets(inputs, (value) => value) as Record<string, unknown>,
      plainInputs: withSecrets(inputs, () => '[secret]'),
      protect: request.getProtect() === true,
      replaceOnChanges: request.getReplaceonchangesList(),
      deletedWith: nameOf(request.getDeletedwith()),
      dependencies: request.getDependenciesList().map(nameOf).sort(),
    });
    return register(request, (error: unknown, response: { getUrn: () => string } | undefined) => {
      if (response !== undefined) typesOf.set(response.getUrn(), types);
      callback(error, response);
    });
  };
  monitor.registerResourceOutputs = (request: RegisterResourceOutputsRequest, callback: (error: unknown, response: unknown) => void) => {
    recorded.componentOutputs.push(withSecrets(request.getOutputs()?.toJavaScript() ?? {}, () => '[secret]'));
    registerOutputs(request, callback);
  };
  return recorded;
}

/** The one resource of a type whose name or Kubernetes name is given. */
export function find(run: ProgramRun, type: string, name?: string): Record<string, unknown> {
  return findResource(run, type, name).inputs;
}

export function findResource(run: ProgramRun, type: string, name?: string): MadeResource {
  const found = run.resources.filter((resource) => resource.type === type && (name === undefined || kubernetesName(resource) === name));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} named ${name ?? 'anything'}`);
  return found[0] as MadeResource;
}

export function kubernetesName({ inputs }: MadeResource): string | undefined {
  return (inputs['metadata'] as { name?: string } | undefined)?.name;
}

/** `Deployment instance` and the like, sorted. */
export function namesOf({ resources }: ProgramRun): string[] {
  return resources.map((resource) => `${resource.type.split(':').at(-1)} ${kubernetesName(resource) ?? resource.name}`).sort();
}

function computedState(type: string, name: string): Record<string, string> {
  return type === 'random:index/randomBytes:RandomBytes' ? { hex: `generated-for-${name}-${'x'.repeat(40)}` } : {};
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 1).replace(/^:/, '');
}

/** Secrets go over the wire in an envelope with this key (the Pulumi protocol's signature). */
const envelopeKey = '4dabf18193072939515e22adb298388d';

function withSecrets(value: unknown, secret: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, secret));
  if (typeof value !== 'object' || value === null) return value;
  if (envelopeKey in value) return secret(withSecrets((value as { value?: unknown }).value, secret));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item, secret)]));
}
