import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { planCeilings, plans } from '../../tenant-program/plans.ts';
import type { DatabaseTier, Plan } from '../../tenant-program/plans.ts';
import {
  dedicatedDatabaseSchema,
  looseTenantSpecSchema,
  resourcesSchema,
  sharedDatabaseSchema,
  tenantSpecSchema,
} from '../../tenant-program/spec.ts';
import type { TenantSpec, TenantSpecInput } from '../../tenant-program/spec.ts';
import { OperationError } from './operation-error.ts';

const { images, cluster, tracing } = looseTenantSpecSchema.shape;
const dedicated = dedicatedDatabaseSchema.omit({ tier: true });

/** What the tenants of this installation have in common, by plan where plans differ, and the cluster's own facts. */
export const tenantSettingsSchema = z.strictObject({
  /** Where customers reach the platform; an application is below it, at /v1/APP_ID. */
  customerUrl: z.url({ protocol: /^https?$/ }),
  images,
  resources: z
    .strictObject({ free: resourcesSchema.prefault({}), pro: resourcesSchema.prefault({}), enterprise: resourcesSchema.prefault({}) })
    .prefault({}),
  database: z.strictObject({
    shared: sharedDatabaseSchema.omit({ tier: true }),
    /** A server of the application's own, for the plans that have one. */
    dedicated: z.strictObject({ pro: dedicated, enterprise: dedicated }),
  }),
  cluster,
  tracing,
});

export type TenantSettings = z.output<typeof tenantSettingsSchema>;

/** The columns of an application, and its workspace's plan, that a spec is made of. */
export interface SpecSource {
  id: string;
  plan: string;
  environment: string;
  region: string;
  /** With its secrets opened. */
  config: unknown;
  /** Keeps the data, and runs no instance. */
  suspended?: boolean;
  /** When the owner last asked for a restart. */
  restartedAt?: Date | null;
  /** Where its database was made, which no change of the plan moves; absent while there is none: the plan decides. */
  databaseTier?: DatabaseTier | null;
}

/** Reads TENANT_SETTINGS_FILE. Throws with the paths of what is wrong, never the values: the file holds the administrator's password. */
export async function readTenantSettings(file: string): Promise<TenantSettings> {
  const text = await readFile(file, 'utf8');
  const parsed = tenantSettingsSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`TENANT_SETTINGS_FILE is not valid: ${problems(parsed.error)}`);
  for (const plan of plans) checkPlan(plan, parsed.data);
  return parsed.data;
}

/** Settings that no application of a plan could be made with must show at the start, not at the first application. */
function checkPlan(plan: Plan, settings: TenantSettings): void {
  const example = { id: 'app_example', plan, environment: 'production', region: 'us-east-1', config: {} };
  const parsed = tenantSpecSchema.safeParse(specInput(example, plan, settings));
  if (!parsed.success) throw new Error(`TENANT_SETTINGS_FILE does not fit the ${plan} plan: ${problems(parsed.error)}`);
}

/**
 * The desired state of one application. A row that can't make a spec is a terminal failure: no retry will mend it. To destroy, neither the
 * owner's settings nor what the plan allows matter.
 */
export function buildTenantSpec(application: SpecSource, settings: TenantSettings, kind: 'up' | 'destroy' = 'up'): TenantSpec {
  const plan = parsePlan(application.plan);
  const schema = kind === 'up' ? tenantSpecSchema : looseTenantSpecSchema;
  const parsed = schema.safeParse(specInput({ ...application, ...(kind === 'destroy' && { config: {} }) }, plan, settings));
  if (parsed.success) return parsed.data;
  throw invalidSpec(problems(parsed.error));
}

function specInput(application: SpecSource, plan: Plan, settings: TenantSettings): Record<keyof TenantSpecInput, unknown> {
  const resources = settings.resources[plan];
  return {
    appId: application.id,
    plan,
    environment: application.environment,
    region: application.region,
    publicUrl: `${settings.customerUrl.replace(/\/$/, '')}/v1/${application.id}`,
    images: settings.images,
    config: application.config,
    resources: application.suspended ? { ...resources, replicas: 0 } : resources,
    database: databaseInput(application, plan, settings),
    cluster: settings.cluster,
    tracing: settings.tracing,
    restartedAt: application.restartedAt?.toISOString(),
  };
}

function databaseInput({ databaseTier }: SpecSource, plan: Plan, { database }: TenantSettings): unknown {
  const tier = databaseTier ?? planCeilings[plan].databaseTier;
  // One that was made under a paid plan keeps its sizes; the schema says whether the present plan may have it.
  return tier === 'dedicated' ? { tier, ...database.dedicated[plan === 'free' ? 'pro' : plan] } : { tier, ...database.shared };
}

function parsePlan(plan: string): Plan {
  const parsed = z.enum(plans).safeParse(plan);
  if (parsed.success) return parsed.data;
  throw invalidSpec(`plan: must be one of ${plans.join(', ')}`);
}

function invalidSpec(reason: string): OperationError {
  return new OperationError({ code: 'invalid_spec', message: `The application can't be built: ${reason}`, retryable: false });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the error, which may be a password.
    throw new Error('TENANT_SETTINGS_FILE is not valid JSON');
  }
}

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || '(whole)'}: ${issue.message}`).join('; ');
}
