import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { tenantSpecSchema } from '../../tenant-program/spec.ts';
import type { TenantSpec } from '../../tenant-program/spec.ts';
import { OperationError } from './operation-error.ts';

/** What every tenant of this installation has in common: images, sizes, the shared database server, the cluster's own facts. */
export const tenantSettingsSchema = tenantSpecSchema.omit({ appId: true, plan: true, environment: true, region: true, config: true });

export type TenantSettings = z.output<typeof tenantSettingsSchema>;

/** The columns of an application, and its workspace's plan, that a spec is made of. */
export interface SpecSource {
  id: string;
  plan: string;
  environment: string;
  region: string;
  config: unknown;
}

/** Reads TENANT_SETTINGS_FILE. Throws with the paths of what is wrong, never the values: the file holds the administrator's password. */
export async function readTenantSettings(file: string): Promise<TenantSettings> {
  const text = await readFile(file, 'utf8');
  const parsed = tenantSettingsSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`TENANT_SETTINGS_FILE is not valid: ${problems(parsed.error)}`);
  return parsed.data;
}

/** The desired state of one application. A row that can't make a spec is a terminal failure: no retry will mend it. */
export function buildTenantSpec(application: SpecSource, settings: TenantSettings): TenantSpec {
  const { id: appId, plan, environment, region, config } = application;
  const parsed = tenantSpecSchema.safeParse({ ...settings, appId, plan, environment, region, config });
  if (parsed.success) return parsed.data;
  throw new OperationError({
    code: 'invalid_spec',
    message: `The application can't be built: ${problems(parsed.error)}`,
    retryable: false,
  });
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
