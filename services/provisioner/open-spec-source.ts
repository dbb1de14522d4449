import type { Selectable } from 'kysely';
import { openConfig } from '../shared/config-secrets.ts';
import type { AppSettings, SealedConfigSecrets } from '../shared/config-secrets.ts';
import type { ApplicationsTable } from '../shared/db/tables.ts';
import type { DatabaseTier } from '../shared/plans.ts';
import type { SecretBox } from '../shared/secret-box.ts';
import { OperationError } from './operation-error.ts';
import type { SpecSource } from './tenant-settings.ts';

/** What a spec is made of as the application's row has it: its configuration without its secrets, which are sealed. */
export interface SealedSpecSource extends SpecSource {
  config: AppSettings;
  sealedConfigSecrets: SealedConfigSecrets;
  /** The application's own, whatever its plan says by now. */
  databaseTier: DatabaseTier;
}

/** The columns of an application that a spec is made of. */
export const specSourceColumns = [
  'id',
  'environment',
  'region',
  'config',
  'sealed_config_secrets',
  'database_tier',
  'restarted_at',
  'desired',
] as const;

type SpecSourceRow = Pick<Selectable<ApplicationsTable>, (typeof specSourceColumns)[number]>;

export function sealedSpecSource(row: SpecSourceRow, plan: string): SealedSpecSource {
  return {
    ...{ id: row.id, environment: row.environment, region: row.region, config: row.config, plan },
    suspended: row.desired === 'suspended',
    restartedAt: row.restarted_at,
    databaseTier: row.database_tier,
    sealedConfigSecrets: row.sealed_config_secrets,
  };
}

/**
 * Puts the secrets back into an application's configuration. A destruction needs neither: it gets none, and the defaults for the rest, so
 * that a row that makes no spec any more, or a lost key, can't keep an application from being deleted.
 */
export function openSpecSource(
  { sealedConfigSecrets, ...source }: SealedSpecSource,
  { kind, box }: { kind: 'up' | 'destroy'; box: SecretBox },
): SpecSource {
  if (kind === 'destroy') return { ...source, config: {} };
  try {
    return { ...source, config: openConfig({ settings: source.config, sealedSecrets: sealedConfigSecrets }, { box, appId: source.id }) };
  } catch (cause) {
    throw new OperationError({
      code: 'secrets_unreadable',
      message: "The secrets of the application's configuration can't be read.",
      retryable: true,
      remedy: "Start the provisioner with the control API's ENCRYPTION_KEY.",
      cause,
    });
  }
}
