import * as pulumi from '@pulumi/pulumi';
import type { TenantOutputs, TenantSpecInput } from '../../../tenant-program/spec.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';

export interface MadeResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

export interface ProgramRun {
  resources: MadeResource[];
  outputs: TenantOutputs;
  /** Names of the outputs that are secret. */
  secrets: string[];
}

/** A whole spec with nothing but what is required. */
export function specInput(changes: Partial<TenantSpecInput> = {}): TenantSpecInput {
  return {
    appId: 'app_abc123',
    plan: 'free',
    environment: 'production',
    region: 'us-east-1',
    images: { instance: 'authsome/instance:1', redis: 'authsome/redis:1' },
    database: { host: 'postgres.authsome-system.svc', adminUser: 'authsome_tenants', adminPassword: 'admin-password' },
    cluster: { systemNamespace: 'authsome-system' },
    ...changes,
  };
}

let previousRun: Promise<unknown> = Promise.resolve();

/** Runs the tenant program against Pulumi's mocks: what it makes, and what it returns. One run at a time: mocks are process-wide. */
export function runTenantProgram(input: TenantSpecInput = specInput()): Promise<ProgramRun> {
  const run = previousRun.then(() => runWithMocks(input));
  previousRun = run.catch(() => undefined);
  return run;
}

async function runWithMocks(input: TenantSpecInput): Promise<ProgramRun> {
  const resources: MadeResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        if (args.custom) resources.push({ type: args.type, name: args.name, inputs: opened(args.inputs) as Record<string, unknown> });
        return { id: `${args.name}-id`, state: { ...(args.inputs as object), ...computedState(args.type, args.name) } };
      },
      call: () => ({}),
    },
    'authsome-tenant',
    'app-abc123',
  );
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
  resources.sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
  return {
    resources,
    outputs: Object.fromEntries(entries.map(([name, value]) => [name, value])) as TenantOutputs,
    secrets: entries.filter(([, , secret]) => secret).map(([name]) => name),
  };
}

/** The one resource of a type whose name or Kubernetes name is given. */
export function find(run: ProgramRun, type: string, name?: string): Record<string, unknown> {
  const found = run.resources.filter((resource) => resource.type === type && (name === undefined || kubernetesName(resource) === name));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} named ${name ?? 'anything'}`);
  return (found[0] as MadeResource).inputs;
}

export function kubernetesName({ inputs }: MadeResource): string | undefined {
  return (inputs['metadata'] as { name?: string } | undefined)?.name;
}

function computedState(type: string, name: string): Record<string, string> {
  return type === 'random:index/randomBytes:RandomBytes' ? { hex: `generated-for-${name}-${'x'.repeat(40)}` } : {};
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** Secrets go over the wire in an envelope with this key (the Pulumi protocol's signature). */
const envelopeKey = '4dabf18193072939515e22adb298388d';

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  if (envelopeKey in value) return opened((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, opened(item)]));
}
